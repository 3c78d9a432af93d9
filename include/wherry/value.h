// A WebAssembly value with its type: what untyped calls, globals and tables exchange.
#pragma once

#include <bit>
#include <cassert>
#include <string>

#include "wherry/func.h"
#include "wherry/ref.h"
#include "wherry/types.h"
#include "wherry/v128.h"

namespace [[gnu::visibility("default")]] wherry {

/// A value of any type. References in it are rooted (see Ref).
class Value {
 public:
  /// The i32 zero.
  Value() : Value(int32_t{0}) {}
  Value(int32_t v) : type_(ValType::kI32), bits_(V128::from_halves(static_cast<uint32_t>(v), 0)) {}
  Value(uint32_t v) : Value(static_cast<int32_t>(v)) {}
  Value(int64_t v) : type_(ValType::kI64), bits_(V128::from_halves(static_cast<uint64_t>(v), 0)) {}
  Value(uint64_t v) : Value(static_cast<int64_t>(v)) {}
  Value(float v) : type_(ValType::kF32), bits_(V128::from_halves(std::bit_cast<uint32_t>(v), 0)) {}
  Value(double v) : type_(ValType::kF64), bits_(V128::from_halves(std::bit_cast<uint64_t>(v), 0)) {}
  Value(V128 v) : type_(ValType::kV128), bits_(v) {}
  Value(Func v) : type_(ValType::funcref()), func_(v) {}
  Value(ExternRef v) : Value(ValType::externref(), std::move(v)) {}
  Value(AnyRef v) : Value(ValType::ref(HeapType::kAny, true), std::move(v)) {}
  Value(ExnRef v) : Value(ValType::exnref(), std::move(v)) {}
  /// What kind of value this is; of references, the top type of their hierarchy, nullable.
  ValType type() const { return type_; }

  // The value, which must be of that type.
  int32_t i32() const { return static_cast<int32_t>(word(ValType::kI32)); }
  int64_t i64() const { return static_cast<int64_t>(word(ValType::kI64)); }
  float f32() const { return std::bit_cast<float>(f32_bits()); }
  double f64() const { return std::bit_cast<double>(f64_bits()); }
  uint32_t f32_bits() const { return static_cast<uint32_t>(word(ValType::kF32)); }
  uint64_t f64_bits() const { return word(ValType::kF64); }
  V128 v128() const {
    assert(type_ == ValType::kV128);
    return bits_;
  }
  bool is_ref() const { return type_.is_ref(); }
  bool is_null() const { return is_ref() && ref_.is_null() && func_.is_null(); }
  Func func() const {
    assert(type_ == ValType::funcref());
    return func_;
  }
  ExternRef externref() const { return ExternRef(ref(HeapType::kExtern)); }
  AnyRef anyref() const { return AnyRef(ref(HeapType::kAny)); }
  ExnRef exnref() const { return ExnRef(ref(HeapType::kExn)); }

  /// The reference as Slots carry it. Only of a reference.
  uint64_t raw_ref() const { return type_ == ValType::funcref() ? func_.raw() : ref_.raw(); }

  /// A value of `type` as Slots carry it (one, or two for a v128), and back. Error: kType, also for a reference of
  /// another store. A raw reference is not a root: keep this value until the guest has it.
  static Value from_slots(StoreRef store, ValType type, const Slot* slots);
  Result<> to_slots(StoreRef store, ValType type, Slot* slots) const;

  /// Numbers as the text format writes them, references by what they are: "42", "-nan:0x200000", "null", "i31 7",
  /// "func".
  std::string to_string() const;

  /// For Wherry's own rooms: whose a reference is; null if nobody's.
  const detail::RootSet* root_owner() const { return ref_.root_owner(); }

 private:
  Value(ValType type, Ref ref) : type_(type), ref_(std::move(ref)) {}
  uint64_t word(ValType::Kind kind) const {
    assert(type_ == kind);
    return bits_.low();
  }
  const Ref& ref(HeapType top) const {
    assert(type_ == ValType::ref(top, true));
    return ref_;
  }

  ValType type_;
  V128 bits_;
  Ref ref_;
  Func func_;
};

}  // namespace wherry
