// Handlers of floating-point ops, and of conversions from and to floating point.
#include "interp/numeric.h"

namespace wherry::interp {
namespace {

constexpr bool is_float(Op op) { return has_letter(op, "fd") && !has_letter(op, "v"); }
constexpr auto kRows = numeric_rows<is_float>();

}  // namespace

std::span<const OpRow> float_rows() { return kRows; }

}  // namespace wherry::interp
