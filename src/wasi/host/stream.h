// Streams that are no host files: standard input and output as the embedder gives and takes them.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "wasi/host/descriptor.h"

namespace wherry::wasi::host {

/// At its end at once; takes and forgets whatever is written.
class NullStream final : public Descriptor {
 public:
  FileType type() const override { return FileType::kUnknown; }
  HostResult<size_t> read(std::span<const iovec> to, Waiter& waiter) override { return 0; }
  HostResult<size_t> write(std::span<const iovec> from, Waiter& waiter) override;
};

/// Reads the bytes of a string.
class MemoryInput final : public Descriptor {
 public:
  explicit MemoryInput(std::string bytes) : bytes_(std::move(bytes)) {}
  FileType type() const override { return FileType::kUnknown; }
  HostResult<size_t> read(std::span<const iovec> to, Waiter& waiter) override;
  uint64_t readable_bytes() const override;

 private:
  mutable std::mutex mutex_;
  const std::string bytes_;
  size_t position_ = 0;
};

/// Reads what a function gives: it fills at most the buffer and returns how many bytes; 0 at the end.
class CallbackInput final : public Descriptor {
 public:
  using Source = std::function<size_t(std::span<char>)>;
  explicit CallbackInput(Source source) : source_(std::move(source)) {}
  FileType type() const override { return FileType::kUnknown; }
  HostResult<size_t> read(std::span<const iovec> to, Waiter& waiter) override;

 private:
  std::mutex mutex_;
  Source source_;
};

/// Gives what is written to a function, one call a buffer. It returns false to refuse (kNospc).
class CallbackOutput final : public Descriptor {
 public:
  using Sink = std::function<bool(std::string_view)>;
  explicit CallbackOutput(Sink sink) : sink_(std::move(sink)) {}
  FileType type() const override { return FileType::kUnknown; }
  HostResult<size_t> write(std::span<const iovec> from, Waiter& waiter) override;

 private:
  std::mutex mutex_;
  Sink sink_;
};

}  // namespace wherry::wasi::host
