#include "runtime/gc_pages.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace wherry::runtime {

bool GcPages::reserve(uint64_t pages) {
  space_ = platform::Reservation::make(pages << kPageLog2);
  if (!space_) return false;
  owners_space_ = platform::Reservation::make(pages * sizeof(GcSpan*));
  if (!owners_space_ || !owners_space_.commit(0, owners_space_.size())) {
    space_ = {};
    return false;
  }
  owners_ = reinterpret_cast<GcSpan**>(owners_space_.base());
  return true;
}

uint8_t* GcPages::allocate(uint32_t pages, bool* zeroed) {
  auto fit = by_size_.lower_bound({pages, 0});
  if (fit == by_size_.end()) {
    if (!grow(pages)) return nullptr;
    fit = by_size_.lower_bound({pages, 0});
  }
  const uint32_t first = fit->second;
  Run run = take_run(runs_.find(first));
  if (run.pages > pages) add_run(first + pages, {run.pages - pages, run.dirty});
  *zeroed = !run.dirty;
  used_pages_ += pages;
  return space_.base() + (uint64_t{first} << kPageLog2);
}

void GcPages::free(uint8_t* start, uint32_t pages) {
  used_pages_ -= pages;
  auto first = static_cast<uint32_t>(static_cast<uint64_t>(start - space_.base()) >> kPageLog2);
  Run merged{pages, true};
  const auto after = runs_.find(first + pages);
  if (after != runs_.end()) merged.pages += take_run(after).pages;
  const auto next = runs_.lower_bound(first);
  if (next != runs_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second.pages == first) {
      first = before->first;
      merged.pages += take_run(before).pages;
    }
  }
  add_run(first, merged);
  // Keep some for the allocations to come; the operating system gets the rest. Touching a page anew costs microseconds.
  constexpr uint64_t kKeep = 1024;
  if (dirty_free_pages_ > std::max(kKeep, used_pages_ / 2)) discard_dirty();
}

void GcPages::set_owner(uint8_t* start, uint32_t pages, GcSpan* span) {
  std::fill_n(owners_ + (static_cast<uint64_t>(start - space_.base()) >> kPageLog2), pages, span);
}

bool GcPages::grow(uint32_t pages) {
  constexpr uint64_t kStep = uint64_t{1} << 20;
  const uint64_t left = space_.size() - committed_bytes_;
  const uint64_t wanted = uint64_t{pages} << kPageLog2;
  if (wanted > left) return false;
  const uint64_t bytes = std::min(left, std::max(wanted, kStep));
  if (!space_.commit(committed_bytes_, bytes)) return false;
  const auto first = static_cast<uint32_t>(committed_bytes_ >> kPageLog2);
  committed_bytes_ += bytes;
  add_run(first, {static_cast<uint32_t>(bytes >> kPageLog2), false});
  return true;
}

void GcPages::add_run(uint32_t first, Run run) {
  runs_.emplace(first, run);
  by_size_.emplace(run.pages, first);
  if (run.dirty) dirty_free_pages_ += run.pages;
}

GcPages::Run GcPages::take_run(Runs::iterator at) {
  const Run run = at->second;
  by_size_.erase({run.pages, at->first});
  runs_.erase(at);
  if (run.dirty) dirty_free_pages_ -= run.pages;
  return run;
}

void GcPages::discard_dirty() {
  for (auto& [first, run] : runs_) {
    if (!run.dirty) continue;
    space_.discard(uint64_t{first} << kPageLog2, uint64_t{run.pages} << kPageLog2);
    run.dirty = false;
  }
  dirty_free_pages_ = 0;
}

}  // namespace wherry::runtime
