// The pages of a GC heap: one reservation of address space, handed out in runs, and a map from page to the run's owner.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "platform/memory.h"

namespace wherry::runtime {

/// A run of pages in use: cells of one size, or one large object.
struct GcSpan {
  uint8_t* start;
  uint32_t pages;
  /// Bytes of a cell; 0 for a large object, which begins at `start`.
  uint32_t cell_bytes;
  uint32_t cells;
};

class GcPages {
 public:
  static constexpr uint32_t kPageLog2 = 12;
  static constexpr uint64_t kPageBytes = uint64_t{1} << kPageLog2;
  static uint64_t pages_for(uint64_t bytes) { return (bytes + kPageBytes - 1) >> kPageLog2; }

  /// Makes room for `pages` pages at most; false if there is no address space. Called once, before the first allocate.
  bool reserve(uint64_t pages);
  bool reserved() const { return static_cast<bool>(space_); }

  /// Null if there is no run of that length. `*zeroed` tells whether its bytes are known to be 0.
  uint8_t* allocate(uint32_t pages, bool* zeroed);
  void free(uint8_t* start, uint32_t pages);
  /// Notes who owns the run; null: nobody.
  void set_owner(uint8_t* start, uint32_t pages, GcSpan* span);

  /// The span that the address lies in, or null, for any word.
  GcSpan* owner(uint64_t address) const {
    const uint64_t offset = address - reinterpret_cast<uint64_t>(space_.base());
    return offset < committed_bytes_ ? owners_[offset >> kPageLog2] : nullptr;
  }

  uint64_t used_pages() const { return used_pages_; }

 private:
  struct Run {
    uint32_t pages;
    bool dirty;  ///< Holds memory that was written.
  };
  using Runs = std::map<uint32_t, Run>;  // By first page.

  bool grow(uint32_t pages);
  void add_run(uint32_t first, Run run);
  Run take_run(Runs::iterator run);
  void discard_dirty();

  platform::Reservation space_;
  platform::Reservation owners_space_;
  GcSpan** owners_ = nullptr;
  uint64_t committed_bytes_ = 0;
  uint64_t used_pages_ = 0;
  uint64_t dirty_free_pages_ = 0;
  Runs runs_;
  std::set<std::pair<uint32_t, uint32_t>> by_size_;  ///< (pages, first page) of each run.
};

}  // namespace wherry::runtime
