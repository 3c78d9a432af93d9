#include "wasm/ops.h"

#include <array>

namespace wherry::wasm {
namespace {

static_assert(
    [] {
      for (size_t i = 1; i < kOpCount; ++i) {
        if (kOpTable[i - 1].code >= kOpTable[i].code) return false;
      }
      return true;
    }(),
    "the rows of ops.inc are sorted by code, without repetition");

constexpr uint32_t hash(std::string_view text) {
  uint32_t h = 0x811C9DC5;  // FNV-1a
  for (char c : text) h = (h ^ static_cast<uint8_t>(c)) * 0x01000193;
  return h ^ (h >> 15);
}

/// Open addressing with linear probing; empty entries hold kNoOp.
constexpr size_t kSlots = 2048;
static_assert(kOpCount * 2 < kSlots);

struct TextTable {
  std::array<uint16_t, kSlots> slots;
  bool unique = true;
};
constexpr TextTable kTextTable = [] {
  TextTable table;
  table.slots.fill(OpCodeTables::kNoOp);
  for (const OpInfo& row : kOpTable) {
    uint32_t slot = hash(row.text) % kSlots;
    while (table.slots[slot] != OpCodeTables::kNoOp) {
      if (kOpTable[table.slots[slot]].text == row.text) table.unique = false;
      slot = (slot + 1) % kSlots;
    }
    table.slots[slot] = static_cast<uint16_t>(row.op);
  }
  return table;
}();
static_assert(kTextTable.unique, "no two rows of ops.inc have the same text");

}  // namespace

std::optional<Op> op_by_text(std::string_view text) {
  for (uint32_t slot = hash(text) % kSlots;; slot = (slot + 1) % kSlots) {
    const uint16_t op = kTextTable.slots[slot];
    if (op == OpCodeTables::kNoOp) return std::nullopt;
    if (kOpTable[op].text == text) return static_cast<Op>(op);
  }
}

}  // namespace wherry::wasm
