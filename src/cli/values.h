// Values on the command line: arguments of --invoke, and results as they are printed.
#pragma once

#include <string>
#include <string_view>

#include "wherry/result.h"
#include "wherry/value.h"

namespace wherry::cli {

/// i32 and i64 in decimal or 0x hexadecimal, signed or unsigned; f32 and f64 in decimal or hexadecimal, "inf", "nan";
/// v128 as one number up to 2^128 - 1 (WasmEdge's form) or 0x and 32 digits; a nullable reference as "null". Error:
/// kType, naming the text.
Result<Value> parse_value(std::string_view text, ValType type);

/// The null of the hierarchy that `heap` belongs to; a defined type is taken for a function's.
Value null_value(HeapType heap);

/// The form parse_value reads: integers signed, floats in the fewest digits that give the same value.
std::string print_value(const Value& value);

}  // namespace wherry::cli
