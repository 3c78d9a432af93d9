// Functions as code, frames, and activations: what lies on the wasm stack, and how it is walked.
#pragma once

#include <atomic>
#include <cstdint>

#include "interp/dispatch.h"

namespace wherry::interp {

/// A handler of exceptions: covers the code in [begin, end). A function's entries are sorted from the inside out.
struct CatchEntry {
  enum class Kind : uint8_t { kTag, kAll, kDelegate };
  static constexpr uint16_t kNoSlot = 0xFFFF;

  uint32_t begin = 0, end = 0;  ///< In words from the function's code.
  uint32_t target = 0;          ///< kDelegate: unused.
  uint32_t tag = 0;             ///< kTag: tag index.
  Kind kind = Kind::kTag;
  /// How many structures enclose it: of kDelegate, entries of greater depth than `delegate_depth` are passed over.
  uint32_t depth = 0, delegate_depth = 0;
  uint16_t args = 0;       ///< kTag: the slot that the exception's arguments go to.
  uint16_t arg_slots = 0;  ///< How many.
  uint16_t ref = kNoSlot;  ///< The slot that the exnref goes to, or kNoSlot.
};

/// A defined function of a module, for all instances. All zero until it is translated.
struct Function {
  /// Where calls begin; null until there is such a place. Stored last, so that who sees it sees the rest. It is `code`,
  /// or, once the function was handed over to another tier, an instruction that calls it there.
  std::atomic<const Word*> start;
  /// What the function was translated to; null: it was not.
  std::atomic<const Word*> code;
  uint32_t frame_slots;  ///< Of a whole frame: what must be free on the stack.
  uint16_t link;         ///< Slot of the link.
  uint16_t zero_begin;   ///< First slot of the locals, behind the parameters: they are zeroed in groups of four.
  uint16_t zero_groups;
  uint16_t result_slots;
  uint32_t code_words;
  const CatchEntry* catches;
  uint32_t catch_count;
};

/// The link of a frame lies behind its parameters and locals, at fp[function.link].
enum Link : uint32_t {
  kLinkReturn,   ///< Where the caller goes on (const Word*). The word before it is the caller's Function*.
  kLinkCaller,   ///< The caller's frame.
  kLinkContext,  ///< This frame's context, valid while it calls into another instance.
  kLinkSlots,
};

/// A call from the host into WebAssembly. Lies on the wasm stack, below its frames, so that a backtrace can still be
/// read after the call has returned with a trap.
struct Activation {
  Activation* previous;
  /// The innermost frame, as of the last trap or call to the host: the instruction, frame and context.
  const Word* pc;
  Slot* fp;
  VMContext* context;
};
inline constexpr uint32_t kActivationSlots = sizeof(Activation) / sizeof(Slot);
static_assert(sizeof(Activation) % sizeof(Slot) == 0);

}  // namespace wherry::interp
