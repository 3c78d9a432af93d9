#include "llvm/signature.h"

namespace wherry::compiler {

namespace {

bool is_vector(ValType type) {
  return type.kind() == ValType::kF32 || type.kind() == ValType::kF64 || type.kind() == ValType::kV128;
}

}  // namespace

Signature::Signature(const wasm::TypeDef& type, Registers registers)
    : type(type), has_results_pointer(type.results.size() > 1) {
  uint32_t ints = 0;
  uint32_t vectors = 0;
  for (ValType param : type.params) ++(is_vector(param) ? vectors : ints);
  const uint32_t first = has_results_pointer ? 2 : 1;
  const bool overflows = ints > registers.ints - first || vectors > registers.vectors;
  uint32_t next_int = first + (overflows ? 1 : 0);
  uint32_t next_vector = 0;
  params.reserve(type.params.size());
  for (ValType param : type.params) {
    if (is_vector(param) ? next_vector < registers.vectors : next_int < registers.ints) {
      params.push_back(is_vector(param) ? Place{Place::Kind::kVector, next_vector++}
                                        : Place{Place::Kind::kInt, next_int++});
    } else {
      params.push_back({Place::Kind::kOverflow, overflow_slots});
      overflow_slots += param.slots();
    }
  }
}

}  // namespace wherry::compiler
