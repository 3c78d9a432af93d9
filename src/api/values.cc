#include "api/values.h"

#include <charconv>
#include <cmath>

#include "runtime/operations.h"

namespace wherry {
namespace detail {
namespace {

HeapType top_of(const StoreState& store, ValType type) { return wasm::top_of(type.heap(), store.types()); }

/// Whether a reference of the right hierarchy may stand where `type` is asked for.
bool fits(StoreState& store, uint64_t ref, ValType type) {
  if (ref == 0) return type.is_nullable();
  if (type.heap() == top_of(store, type)) return true;
  if (top_of(store, type) == HeapType::kFunc) {
    const TypeId found = reinterpret_cast<const runtime::Func*>(ref)->type;
    return store.types().matches(HeapType::defined(found), type.heap());
  }
  return runtime::ops::ref_test(store.host_context(), ref, type);
}

bool is_of(const StoreState& store, const Value& value) {
  if (value.is_null()) return true;
  if (value.type() == ValType::funcref()) return &StoreState::of(*value.func().impl()) == &store;
  return value.root_owner() == nullptr || store.owns(value.root_owner());
}

}  // namespace

Result<> to_slots(StoreState& store, const Value& value, ValType type, runtime::Slot* slots) {
  auto mismatch = [&] {
    return fail(ErrorCode::kType, "expected " + store.types().to_string(type) + ", found " +
                                      (value.is_ref() ? (value.is_null() ? "null " : "a ") : "") +
                                      store.types().to_string(value.type()));
  };
  const ValType whole = type.is_ref() ? ValType::ref(top_of(store, type), true) : type;
  if (value.type() != whole) return mismatch();
  if (type.is_ref() && !is_of(store, value)) return fail(ErrorCode::kType, "a reference of another store");
  switch (type.kind()) {
    case ValType::kI32:
      slots[0] = static_cast<uint32_t>(value.i32());
      return {};
    case ValType::kI64:
      slots[0] = static_cast<uint64_t>(value.i64());
      return {};
    case ValType::kF32:
      slots[0] = value.f32_bits();
      return {};
    case ValType::kF64:
      slots[0] = value.f64_bits();
      return {};
    case ValType::kV128:
      slots[0] = value.v128().low();
      slots[1] = value.v128().high();
      return {};
    case ValType::kRef:
      slots[0] = value.raw_ref();
      if (!fits(store, slots[0], type)) return mismatch();
      return {};
    case ValType::kBottom:
    case ValType::kI8:
    case ValType::kI16:
      return mismatch();
  }
  __builtin_unreachable();
}

Value from_slots(StoreState& store, ValType type, const runtime::Slot* slots) {
  switch (type.kind()) {
    case ValType::kI8:
    case ValType::kI16:
    case ValType::kI32:
      return static_cast<int32_t>(slots[0]);
    case ValType::kI64:
      return static_cast<int64_t>(slots[0]);
    case ValType::kF32:
      return std::bit_cast<float>(static_cast<uint32_t>(slots[0]));
    case ValType::kF64:
      return std::bit_cast<double>(slots[0]);
    case ValType::kV128:
      return V128::from_halves(slots[0], slots[1]);
    case ValType::kRef:
      switch (top_of(store, type).abstract()) {
        case HeapType::kFunc:
          return Func::from_raw(slots[0]);
        case HeapType::kExtern:
          return ExternRef(store.root(slots[0]));
        case HeapType::kExn:
          return ExnRef(store.root(slots[0]));
        default:
          return AnyRef(store.root(slots[0]));
      }
    case ValType::kBottom:
      break;
  }
  __builtin_unreachable();
}

Result<> to_slots(StoreState& store, std::span<const Value> values, std::span<const ValType> types,
                  runtime::Slot* slots, std::string_view what) {
  if (values.size() != types.size()) {
    return fail(ErrorCode::kType, "expected " + std::to_string(types.size()) + " " + std::string(what) +
                                      (types.size() == 1 ? "" : "s") + ", found " + std::to_string(values.size()));
  }
  for (size_t i = 0; i < types.size(); ++i) {
    Result<> result = to_slots(store, values[i], types[i], slots);
    if (!result.has_value()) {
      return fail(ErrorCode::kType, std::string(what) + " " + std::to_string(i + 1) + ": " + result.error().message);
    }
    slots += types[i].slots();
  }
  return {};
}

std::vector<Value> from_slots(StoreState& store, std::span<const ValType> types, const runtime::Slot* slots) {
  std::vector<Value> values;
  values.reserve(types.size());
  for (ValType type : types) {
    values.push_back(from_slots(store, type, slots));
    slots += type.slots();
  }
  return values;
}

}  // namespace detail

namespace {

template <class F>
std::string float_to_string(F value, uint64_t payload, uint64_t canonical) {
  if (std::isnan(value)) {
    std::string text = std::signbit(value) ? "-nan" : "nan";
    if (payload == canonical) return text;
    char digits[17];
    return text + ":0x" + std::string(digits, std::to_chars(digits, digits + sizeof digits, payload, 16).ptr);
  }
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

Value Value::from_slots(StoreRef store, ValType type, const Slot* slots) {
  return detail::from_slots(store.state(), type, slots);
}
Result<> Value::to_slots(StoreRef store, ValType type, Slot* slots) const {
  return detail::to_slots(store.state(), *this, type, slots);
}

std::string Value::to_string() const {
  switch (type_.kind()) {
    case ValType::kI32:
      return std::to_string(i32());
    case ValType::kI64:
      return std::to_string(i64());
    case ValType::kF32:
      return float_to_string(f32(), f32_bits() & 0x7FFFFF, 0x400000);
    case ValType::kF64:
      return float_to_string(f64(), f64_bits() & 0xFFFFFFFFFFFFF, 0x8000000000000);
    case ValType::kV128: {
      std::string text = "i32x4";
      for (uint32_t lane : bits_.lanes<uint32_t>()) {
        char digits[8];
        const std::string_view hex(digits, std::to_chars(digits, digits + sizeof digits, lane, 16).ptr);
        text += " 0x" + std::string(sizeof digits - hex.size(), '0');
        text += hex;
      }
      return text;
    }
    default:
      break;
  }
  if (is_null()) return "null";
  if (type_ == ValType::funcref()) return "func";
  if (type_ == ValType::exnref()) return "exn";
  const AnyRef any(ref_);
  if (any.is_i31()) return "i31 " + std::to_string(any.i31_value());
  if (any.is_struct()) return "struct";
  if (any.is_array()) return "array";
  const std::optional<uint64_t> word = ExternRef(ref_).word();
  return word.has_value() ? "extern " + std::to_string(*word) : "extern";
}

}  // namespace wherry
