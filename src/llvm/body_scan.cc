#include "llvm/body_scan.h"

#include <algorithm>
#include <utility>

#include "wasm/decoder.h"
#include "wasm/limits.h"

namespace wherry::compiler {

namespace {

using wasm::Op;

class Scanner {
 public:
  Scanner(const wasm::Module& module, uint32_t function, BodyScan& scan)
      : decl_(module.functions[function]),
        scan_(scan),
        decoder_(module.bytes.subspan(decl_.body_offset, decl_.body_size), decl_.body_offset, &module.types,
                 module.features) {}

  void run() {
    if (!skip_locals()) return;
    Op op;
    wasm::Imm imm;
    while (true) {
      const uint64_t offset = decoder_.offset();
      imm = {};
      if (!decoder_.next(op, imm)) return;
      switch (op) {
        case Op::kBlock:
        case Op::kIf:
        case Op::kTry:
        case Op::kTryTable:
          open_.push_back({.first_set = sets_.size()});
          break;
        case Op::kLoop:
          open_.push_back({.first_set = sets_.size(), .loop = scan_.loops.size()});
          scan_.loops.push_back({offset, 0, 0});
          break;
        case Op::kEnd:
        case Op::kDelegate:
          if (open_.empty()) return;
          close();
          break;
        case Op::kElse:
        case Op::kCatch:
        case Op::kCatchAll:
        case Op::kBrOnNull:
        case Op::kBrOnNonNull:
        case Op::kBrOnCast:
        case Op::kBrOnCastFail:
        case Op::kBr:
        case Op::kBrIf:
          branch(op == Op::kElse || op == Op::kCatch || op == Op::kCatchAll ? 0 : imm.index);
          break;
        case Op::kBrTable:
          for (uint32_t depth : decoder_.labels()) branch(depth);
          break;
        case Op::kLocalSet:
        case Op::kLocalTee:
          if (imm.index < last_seen_.size()) sets_.push_back(imm.index);
          break;
        case Op::kReturnCall:
        case Op::kReturnCallIndirect:
        case Op::kReturnCallRef:
          scan_.has_tail_calls = true;
          break;
        default:
          break;
      }
    }
  }

 private:
  static constexpr size_t kNoLoop = ~size_t{0};
  struct Open {
    size_t first_set;
    size_t loop = kNoLoop;
    uint64_t branches = 1;
  };

  bool skip_locals() {
    uint32_t groups;
    if (!decoder_.u32(groups)) return false;
    uint64_t count = wasm::limits::kParams;
    for (; groups != 0; --groups) {
      uint32_t n;
      ValType type;
      if (!decoder_.u32(n) || !decoder_.value_type(type)) return false;
      count += n;
      if (count > wasm::limits::kParams + wasm::limits::kLocals) return false;
    }
    last_seen_.assign(count, 0);
    return true;
  }

  void branch(uint32_t depth) {
    if (depth < open_.size()) ++open_[open_.size() - 1 - depth].branches;
  }

  /// What was set in the structure that ends, each local once.
  void close() {
    const Open closed = open_.back();
    open_.pop_back();
    ++stamp_;
    const auto first = sets_.begin() + static_cast<ptrdiff_t>(closed.first_set);
    sets_.erase(std::remove_if(first, sets_.end(),
                               [&](uint32_t local) { return std::exchange(last_seen_[local], stamp_) == stamp_; }),
                sets_.end());
    const size_t count = sets_.size() - closed.first_set;
    scan_.meetings += closed.branches * count;
    if (closed.loop == kNoLoop || scan_.meetings > BodyScan::kMeetingsLimit) return;
    BodyScan::Loop& loop = scan_.loops[closed.loop];
    loop.first = static_cast<uint32_t>(scan_.locals.size());
    loop.count = static_cast<uint32_t>(count);
    scan_.locals.insert(scan_.locals.end(), first, sets_.end());
  }

  const wasm::FunctionDecl& decl_;
  BodyScan& scan_;
  wasm::Decoder decoder_;
  std::vector<Open> open_;
  std::vector<uint32_t> sets_;       ///< Locals in the order they are set; once for each closed structure.
  std::vector<uint32_t> last_seen_;  ///< By local: stamp of the last structure it was found in.
  uint32_t stamp_ = 0;
};

}  // namespace

BodyScan scan_body(const wasm::Module& module, uint32_t function) {
  BodyScan scan;
  Scanner(module, function, scan).run();
  return scan;
}

}  // namespace wherry::compiler
