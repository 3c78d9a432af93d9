// What an image's unwind tables say: where the registers of a frame's caller are, and where it catches exceptions.
// Reads as much of DWARF's call frame information (.eh_frame) and of the language-specific data as compilers of ours
// write. https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/ehframechpt.html
#pragma once

#include <cstdint>
#include <vector>

#include "engine/native_image.h"
#include "runtime/libcalls.h"

namespace wherry::native {

class UnwindTables {
 public:
  explicit UnwindTables(const engine::ImageView& image);

  /// The frame description of the code at `pc`; null if there is none.
  struct Frame;
  const Frame* find(uintptr_t pc) const;
  /// Where the code that called at `pc` (an address within the call) goes on when the callee throws; 0: not here.
  static uintptr_t landing_pad(const Frame& frame, uintptr_t pc);
  /// From a frame's registers, at the call that `pc` is within, to those of its caller. False if the tables cannot be
  /// understood.
  static bool step(const Frame& frame, uintptr_t pc, runtime::ThrowRegisters& registers);

 private:
  void read(const engine::ImageView& image);

  std::vector<Frame> frames_;  ///< Sorted by begin.
};

struct UnwindTables::Frame {
  uintptr_t begin;
  uintptr_t end;
  const uint8_t* data;  ///< Language-specific; null if there is none.
  std::span<const uint8_t> common_instructions;
  std::span<const uint8_t> instructions;
  uint32_t code_alignment;
  int32_t data_alignment;
};

}  // namespace wherry::native
