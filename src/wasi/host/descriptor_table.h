// A guest's descriptors by number.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "wasi/host/descriptor.h"

namespace wherry::wasi::host {

/// What a number stands for. Copies share the descriptor.
struct TableEntry {
  std::shared_ptr<Descriptor> descriptor;
  /// WASI preview 1's rights: what may be done with the descriptor, and at most with those opened through it.
  uint64_t rights = 0;
  uint64_t inheriting = 0;
  /// Set for preopened directories: the name the guest knows it by.
  std::shared_ptr<const std::string> preopen_name;
};

/// Thread-safe.
class DescriptorTable {
 public:
  static constexpr uint32_t kMaxDescriptors = 1 << 16;

  /// How many may be open at once, from now on; those that insert() makes beyond are refused (kMfile).
  void set_most(uint32_t most) { most_ = most; }
  uint32_t open_count() const {
    std::lock_guard lock(mutex_);
    return used_;
  }

  HostResult<TableEntry> get(uint32_t number) const;
  /// To look at several entries at once: no other call may be made while it stands.
  class Reader {
   public:
    explicit Reader(const DescriptorTable& table) : table_(table), lock_(table.mutex_) {}
    /// Null for a number that is not in use.
    const TableEntry* find(uint32_t number) const { return table_.in_use(number) ? &table_.entries_[number] : nullptr; }

   private:
    const DescriptorTable& table_;
    std::lock_guard<std::mutex> lock_;
  };
  /// A free number. Numbers go round, so that one just closed does not at once mean another file: preview 1 promises no
  /// order, and guests that still use a closed number (Yosys 0.55 does) must not write into a stranger. kMfile when
  /// there is none.
  HostResult<uint32_t> insert(TableEntry entry);
  /// Puts an entry at a number of the caller's choosing, which must be free: for building the table.
  void place(uint32_t number, TableEntry entry);
  HostResult<> close(uint32_t number);
  /// Moves the entry `from` to the number `to`, which must be in use; what was there is closed.
  HostResult<> renumber(uint32_t from, uint32_t to);
  /// kNotcapable if a right would be added.
  HostResult<> reduce_rights(uint32_t number, uint64_t rights, uint64_t inheriting);

 private:
  bool in_use(uint32_t number) const { return number < entries_.size() && entries_[number].descriptor != nullptr; }

  mutable std::mutex mutex_;
  std::vector<TableEntry> entries_;  ///< Without a descriptor: free.
  uint32_t used_ = 0;
  uint32_t most_ = kMaxDescriptors;
  uint32_t round_ = 1024;  ///< Numbers below it are handed out in turn; doubled when all are in use.
  uint32_t next_ = 0;      ///< Where the search for the next one begins.
};

}  // namespace wherry::wasi::host
