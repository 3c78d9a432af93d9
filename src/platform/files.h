// Whole files, read-only: how modules come in. (Guests' files are src/wasi/host's.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "wherry/result.h"

namespace wherry::platform {

/// The contents of a file; unmapped when it goes. Mapped where the file can be mapped, else read (pipes, devices).
class FileBytes {
 public:
  FileBytes() = default;
  FileBytes(FileBytes&& other) noexcept;
  FileBytes& operator=(FileBytes&& other) noexcept;
  ~FileBytes();

  std::span<const uint8_t> bytes() const { return {data_, size_}; }

  /// Errors: kIo, "PATH: what the operating system says"; kLimit beyond `max_size` bytes.
  static Result<FileBytes> open(const std::string& path, uint64_t max_size);

 private:
  friend class File;
  friend class NewFile;
  FileBytes(const uint8_t* data, size_t size, bool mapped) : data_(data), size_(size), mapped_(mapped) {}
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
  bool mapped_ = false;
};

/// Appends to /tmp/perf-PID.map, where perf looks for the names of this process' generated code. False if it cannot.
bool append_to_perf_map(std::string_view text);

}  // namespace wherry::platform
