// What a memory holds when it is made: the active data segments of a module, ready to be copied or mapped.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "platform/memory.h"

namespace wherry::runtime {

/// The initial contents of one memory. Immutable, shared by threads; the module's bytes must outlive it.
class MemoryImage {
 public:
  /// `pieces` lie within the memory's first size; later ones overwrite earlier ones.
  explicit MemoryImage(std::vector<platform::SharedImage::Piece> pieces);

  bool empty() const { return pieces_.empty(); }
  /// Fills a memory that is zero, at `base`, by copying. Costs what the contents are long.
  void copy_to(uint8_t* base) const;

  /// Whether instances map the contents rather than copy them.
  bool is_mapped() const { return static_cast<bool>(shared_); }
  /// Of an image that is mapped: another one than that of any other image of this process, and not 0.
  uint64_t id() const { return id_; }
  /// Of what is mapped: [start(), start() + bytes().size()) from the memory's base.
  uint64_t start() const { return start_; }
  std::span<const uint8_t> bytes() const { return shared_.bytes(); }
  /// In place of committed, zeroed memory. False if the system refuses.
  bool map_to(uint8_t* base) const { return platform::map_image(base + start_, shared_); }

 private:
  std::vector<platform::SharedImage::Piece> pieces_;
  uint64_t id_ = 0;
  uint64_t start_ = 0;
  platform::SharedImage shared_;
};

}  // namespace wherry::runtime
