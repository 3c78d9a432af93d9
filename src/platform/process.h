// Helper processes and shared libraries: code that is not part of this process, or not yet.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/memory.h"
#include "wherry/result.h"

namespace wherry::platform {

/// The folder of the running program, and of the library (or program) that this code is part of; "" if unknown.
std::string program_folder();
std::string library_folder();
/// Whether this process can open shared libraries: not if it was linked statically.
bool can_open_libraries();
bool is_file(const std::string& path);

/// A shared library, which stays open for ever. Errors: kIo, with what the loader says.
Result<void*> open_library(const std::string& path);
/// Null if there is no such symbol.
void* find_symbol(void* library, const char* name);

/// An open file of the operating system; closed when it goes.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  int number() const { return number_; }

 private:
  int number_ = -1;
};

/// A file in memory, of which other processes see nothing but what they are given. Errors: kIo.
Result<Descriptor> make_memory_file(std::span<const uint8_t> contents);
/// All of a file, in memory of our own. Errors: kIo; kLimit beyond `max_size` bytes.
struct FileCopy {
  Reservation memory;
  uint64_t size;
};
Result<FileCopy> copy_file(const Descriptor& file, uint64_t max_size);

/// Starts a program that goes on when this process ends: in a session of its own, with this process's environment, and
/// nothing to read or to print to. False if it cannot be started.
bool start_detached(const std::string& program, const std::vector<std::string>& arguments);
/// Gives way to other processes from now on, as nice(1) counts.
void be_nice(int nice);

/// A program that works for us, with an empty environment and nothing to read or to print to.
class HelperProcess {
 public:
  /// `files` become its descriptors 3, 4 and so on, and the end of a pipe that read_line() reads becomes the next one.
  static Result<HelperProcess> start(const std::string& program, const std::vector<std::string>& arguments,
                                     std::span<const int> files);
  HelperProcess(HelperProcess&& other) noexcept = default;
  HelperProcess& operator=(HelperProcess&&) = delete;
  /// Kills it if it still runs.
  ~HelperProcess();

  /// The next line that it wrote to its pipe. Nothing for now if there is none within `milliseconds`; at_end() after
  /// the last.
  std::optional<std::string> read_line(int milliseconds);
  bool at_end() const { return at_end_; }
  /// Waits until it has ended. "exit status 1", "signal 11 (Segmentation fault)"; "" if all was well.
  std::string wait();

 private:
  HelperProcess(int process, Descriptor pipe) : process_(process), pipe_(std::move(pipe)) {}

  struct Id {
    int value;
    explicit Id(int id) : value(id) {}
    Id(Id&& other) noexcept : value(std::exchange(other.value, 0)) {}
  } process_;
  Descriptor pipe_;
  std::string buffer_;
  bool at_end_ = false;
};

}  // namespace wherry::platform
