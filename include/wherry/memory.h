// Memory: a linear memory, of one store or shared by several.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/types.h"

namespace wherry::runtime {
class Memory;
}

namespace [[gnu::visibility("default")]] wherry {

/// A shared memory on its own, to be used from several stores. A cheap handle; thread-safe, as far as the guests' own
/// accesses are.
class SharedMemory {
 public:
  /// Errors: kInvalid (not shared, no maximum, or out of bounds), kLimit (no room).
  static Result<SharedMemory> make(const Engine& engine, const MemoryType& type);

  /// With the current size as the minimum.
  MemoryType type() const;

  /// For Wherry's own rooms.
  explicit SharedMemory(std::shared_ptr<runtime::Memory> memory) : memory_(std::move(memory)) {}
  const std::shared_ptr<runtime::Memory>& impl() const { return memory_; }

 private:
  std::shared_ptr<runtime::Memory> memory_;
};

/// A handle to a memory, valid as long as its store.
class Memory {
 public:
  /// Errors: kInvalid (limits), kLimit (too large for the store, or no room).
  static Result<Memory> make(StoreRef store, const MemoryType& type);
  /// A shared memory, for use in `store`.
  static Memory use(StoreRef store, const SharedMemory& shared);
  /// This memory for other stores, if it is shared.
  std::optional<SharedMemory> shared() const;

  /// With the current size as the minimum.
  MemoryType type() const;
  uint64_t pages() const;
  /// The old number of pages. Error: kLimit.
  Result<uint64_t> grow(uint64_t pages) const;

  /// The bytes as they are now; invalid after anything that may grow the memory. Other threads may change the bytes of
  /// a shared memory at any time.
  std::span<uint8_t> data() const;

  // Access with bounds checks; false and nothing done, or none, if any of it is out of bounds.
  bool read(uint64_t address, std::span<uint8_t> to) const;
  bool write(uint64_t address, std::span<const uint8_t> from) const;
  std::optional<std::string> read_string(uint64_t address, uint64_t length) const;
  template <class T>
    requires std::is_trivially_copyable_v<T>
  std::optional<T> load(uint64_t address) const {
    T value;
    if (!read(address, {reinterpret_cast<uint8_t*>(&value), sizeof value})) return std::nullopt;
    return value;
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  bool store(uint64_t address, const T& value) const {
    return write(address, {reinterpret_cast<const uint8_t*>(&value), sizeof value});
  }

  bool operator==(const Memory&) const = default;

  /// For Wherry's own rooms.
  Memory(StoreRef store, runtime::Memory& memory) : store_(store), memory_(&memory) {}
  StoreRef owner() const { return store_; }
  runtime::Memory& impl() const { return *memory_; }

 private:
  StoreRef store_;
  runtime::Memory* memory_;
};

}  // namespace wherry
