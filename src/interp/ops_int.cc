// Handlers of integer ops.
#include "interp/numeric.h"

namespace wherry::interp {
namespace {

constexpr bool is_int(Op op) { return !has_letter(op, "fdv"); }
constexpr auto kRows = numeric_rows<is_int>();

}  // namespace

std::span<const OpRow> int_rows() { return kRows; }

}  // namespace wherry::interp
