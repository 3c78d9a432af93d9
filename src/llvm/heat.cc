#include "llvm/heat.h"

#include <algorithm>
#include <numeric>

#include "wasm/decoder.h"
#include "wasm/limits.h"

namespace wherry::compiler {

namespace {

using wasm::Op;

/// How much more often what is in a loop runs than what is around it; and how deep that is believed.
constexpr unsigned kLoopFactorLog2 = 3;
constexpr unsigned kDeepest = 3;

class HeatScan {
 public:
  explicit HeatScan(const wasm::Module& module) : module_(module), heat_(module.functions.size(), 0) {}

  void scan(uint32_t function) {
    const wasm::FunctionDecl& decl = module_.functions[function];
    wasm::Decoder decoder(module_.bytes.subspan(decl.body_offset, decl.body_size), decl.body_offset, &module_.types,
                          module_.features);
    uint32_t groups;
    if (!decoder.u32(groups)) return;
    for (uint32_t i = 0; i < groups; ++i) {
      uint32_t count;
      ValType type;
      if (!decoder.u32(count) || !decoder.value_type(type)) return;
    }
    std::vector<bool> open;  // structures; whether they are loops
    unsigned depth = 0;
    Op op;
    wasm::Imm imm;
    while (decoder.next(op, imm)) {
      switch (op) {
        case Op::kBlock:
        case Op::kIf:
        case Op::kTry:
        case Op::kTryTable:
          open.push_back(false);
          break;
        case Op::kLoop:
          open.push_back(true);
          ++depth;
          heat_[function] += weight(depth);
          break;
        case Op::kEnd:
        case Op::kDelegate:
          if (open.empty()) return;
          if (open.back()) --depth;
          open.pop_back();
          break;
        case Op::kCall:
        case Op::kReturnCall:
          if (imm.index < heat_.size()) heat_[imm.index] += weight(depth);
          break;
        default:
          break;
      }
    }
  }

  double density(uint32_t function) const {
    return static_cast<double>(heat_[function]) / (module_.functions[function].body_size + 16);
  }

 private:
  static uint64_t weight(unsigned depth) { return uint64_t{1} << (kLoopFactorLog2 * std::min(depth, kDeepest)); }

  const wasm::Module& module_;
  std::vector<uint64_t> heat_;
};

}  // namespace

std::vector<bool> guess_hot(const wasm::Module& module, std::span<const uint32_t> functions, uint64_t bytes) {
  HeatScan heat(module);
  for (uint32_t function : functions) heat.scan(function);
  std::vector<uint32_t> order(functions.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    const double density_a = heat.density(functions[a]);
    const double density_b = heat.density(functions[b]);
    return density_a != density_b ? density_a > density_b : a < b;
  });
  std::vector<bool> hot(functions.size(), false);
  uint64_t used = 0;
  for (uint32_t position : order) {
    used += module.functions[functions[position]].body_size;
    if (used > bytes) break;
    hot[position] = true;
  }
  return hot;
}

}  // namespace wherry::compiler
