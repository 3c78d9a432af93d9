// How C++ functions become host functions: the types that cross, and the thin templates that move them between slots
// and C++ values. Embedders use Func::wrap and Linker::func.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "wherry/caller.h"
#include "wherry/extern_type.h"
#include "wherry/func.h"
#include "wherry/ref.h"
#include "wherry/trap.h"
#include "wherry/types.h"
#include "wherry/v128.h"

namespace [[gnu::visibility("default")]] wherry {

namespace detail {

/// A host function with its C++ type erased; shared by linkers and stores, called from any thread that uses one.
struct HostFunction {
  /// Arguments are in `slots`; results replace them.
  TrapKind (*invoke)(HostFunction& self, Caller& caller, Slot* slots);
  void (*destroy)(HostFunction* self);
  std::span<const ValType> params;
  std::span<const ValType> results;
};
using HostFunctionPtr = std::shared_ptr<HostFunction>;

/// Leaves `trap` for the caller of the outermost call to find; returns its kind.
TrapKind raise(Caller& caller, Trap trap);

/// The C++ types that cross the border. `load` and `store` are what to do with the first slot.
template <class T>
struct WasmType {
  static constexpr bool kCrosses = false;
};

template <class T>
concept Crosses = WasmType<T>::kCrosses;

template <std::integral T>
  requires(sizeof(T) == 4 || sizeof(T) == 8)
struct WasmType<T> {
  static constexpr bool kCrosses = true;
  static constexpr ValType kType = sizeof(T) == 4 ? ValType::kI32 : ValType::kI64;
  static T load(StoreRef, const Slot* slot) { return static_cast<T>(*slot); }
  static void store(Slot* slot, T v) { *slot = static_cast<std::make_unsigned_t<T>>(v); }
};
template <>
struct WasmType<float> {
  static constexpr bool kCrosses = true;
  static constexpr ValType kType = ValType::kF32;
  static float load(StoreRef, const Slot* slot) { return std::bit_cast<float>(static_cast<uint32_t>(*slot)); }
  static void store(Slot* slot, float v) { *slot = std::bit_cast<uint32_t>(v); }
};
template <>
struct WasmType<double> {
  static constexpr bool kCrosses = true;
  static constexpr ValType kType = ValType::kF64;
  static double load(StoreRef, const Slot* slot) { return std::bit_cast<double>(*slot); }
  static void store(Slot* slot, double v) { *slot = std::bit_cast<uint64_t>(v); }
};
template <>
struct WasmType<V128> {
  static constexpr bool kCrosses = true;
  static constexpr ValType kType = ValType::kV128;
  static V128 load(StoreRef, const Slot* slot) { return V128::from_halves(slot[0], slot[1]); }
  static void store(Slot* slot, V128 v) {
    slot[0] = v.low();
    slot[1] = v.high();
  }
};
template <>
struct WasmType<Func> {
  static constexpr bool kCrosses = true;
  static constexpr ValType kType = ValType::funcref();
  static Func load(StoreRef, const Slot* slot) { return Func::from_raw(*slot); }
  static void store(Slot* slot, Func v) { *slot = v.raw(); }
};
template <class T, HeapType::Abstract heap>
struct WasmRefType {
  static constexpr bool kCrosses = true;
  static constexpr ValType kType = ValType::ref(heap, true);
  static T load(StoreRef store, const Slot* slot) { return T(Ref::from_raw(store, *slot)); }
  static void store(Slot* slot, const T& v) { *slot = v.raw(); }
};
template <>
struct WasmType<ExternRef> : WasmRefType<ExternRef, HeapType::kExtern> {};
template <>
struct WasmType<AnyRef> : WasmRefType<AnyRef, HeapType::kAny> {};
template <>
struct WasmType<ExnRef> : WasmRefType<ExnRef, HeapType::kExn> {};

/// Where each of a row of values starts in an array of slots; the last entry is how many slots they take.
template <Crosses... T>
constexpr std::array<uint32_t, sizeof...(T) + 1> slot_offsets() {
  std::array<uint32_t, sizeof...(T) + 1> offsets{};
  uint32_t i = 0;
  ((offsets[i + 1] = offsets[i] + WasmType<T>::kType.slots(), ++i), ...);
  return offsets;
}

/// A row of C++ values in slots.
template <Crosses... T>
struct Values {
  static constexpr std::array<ValType, sizeof...(T)> kTypes{WasmType<T>::kType...};
  static constexpr auto kOffsets = slot_offsets<T...>();
  static constexpr uint32_t kSlots = kOffsets[sizeof...(T)];
  static std::tuple<T...> load(StoreRef store, const Slot* slots) {
    return [&]<size_t... I>(std::index_sequence<I...>) {
      return std::tuple<T...>{WasmType<T>::load(store, slots + kOffsets[I])...};
    }(std::index_sequence_for<T...>());
  }
  static void store(Slot* slots, const T&... values) {
    [&]<size_t... I>(std::index_sequence<I...>) {
      (WasmType<T>::store(slots + kOffsets[I], values), ...);
    }(std::index_sequence_for<T...>());
  }
};

/// What a C++ function's result is in WebAssembly: void, one value, or a std::tuple of them.
template <class R>
struct Results : Values<R> {
  static R load(StoreRef store, const Slot* slots) { return WasmType<R>::load(store, slots); }
};
template <>
struct Results<void> : Values<> {
  static void load(StoreRef, const Slot*) {}
};
template <class... T>
struct Results<std::tuple<T...>> : Values<T...> {
  using Values<T...>::store;
  static void store(Slot* slots, const std::tuple<T...>& values) {
    std::apply([&](const T&... v) { Values<T...>::store(slots, v...); }, values);
  }
};

template <class R>
struct StripTrap {
  using Type = R;
  static constexpr bool kMayTrap = false;
};
template <class R>
struct StripTrap<std::expected<R, Trap>> {
  using Type = R;
  static constexpr bool kMayTrap = true;
};

template <class F, class R, bool kWantsCaller, class... Args>
struct TypedHostFunction : HostFunction {
  using Params = Values<std::decay_t<Args>...>;
  using Result = StripTrap<R>;
  using Outcome = Results<typename Result::Type>;
  F f;

  explicit TypedHostFunction(F&& f)
      : HostFunction{&run, [](HostFunction* self) { delete static_cast<TypedHostFunction*>(self); }, Params::kTypes,
                     Outcome::kTypes},
        f(std::move(f)) {}

  static TrapKind run(HostFunction& self, Caller& caller, Slot* slots) {
    F& f = static_cast<TypedHostFunction&>(self).f;
    auto call = [&]<size_t... I>(std::index_sequence<I...>) -> R {
      if constexpr (kWantsCaller) {
        return f(caller, WasmType<std::decay_t<Args>>::load(caller, slots + Params::kOffsets[I])...);
      } else {
        return f(WasmType<std::decay_t<Args>>::load(caller, slots + Params::kOffsets[I])...);
      }
    };
    constexpr auto indices = std::index_sequence_for<Args...>();
    if constexpr (Result::kMayTrap) {
      R result = call(indices);
      if (!result.has_value()) [[unlikely]]
        return raise(caller, std::move(result.error()));
      if constexpr (!std::is_void_v<typename Result::Type>) Outcome::store(slots, *result);
    } else if constexpr (std::is_void_v<R>) {
      call(indices);
    } else {
      Outcome::store(slots, call(indices));
    }
    return TrapKind::kNone;
  }
};

/// The signature of a callable, without a leading Caller&.
template <class F>
struct Callable : Callable<decltype(&F::operator())> {};
template <class R, class... Args>
struct Callable<R (*)(Args...)> {
  template <class F>
  using Host = TypedHostFunction<F, R, false, Args...>;
};
template <class R, class... Args>
struct Callable<R (*)(Caller&, Args...)> {
  template <class F>
  using Host = TypedHostFunction<F, R, true, Args...>;
};
template <class R, class... Args>
struct Callable<R (*)(Args...) noexcept> : Callable<R (*)(Args...)> {};
template <class F, class R, class... Args>
struct Callable<R (F::*)(Args...)> : Callable<R (*)(Args...)> {};
template <class F, class R, class... Args>
struct Callable<R (F::*)(Args...) const> : Callable<R (*)(Args...)> {};
template <class F, class R, class... Args>
struct Callable<R (F::*)(Args...) noexcept> : Callable<R (*)(Args...)> {};
template <class F, class R, class... Args>
struct Callable<R (F::*)(Args...) const noexcept> : Callable<R (*)(Args...)> {};

inline HostFunctionPtr own(HostFunction* function) {
  return {function, [](HostFunction* self) { self->destroy(self); }};
}

template <class F>
HostFunctionPtr typed_host_function(F&& f) {
  using Decayed = std::decay_t<F>;
  using Host = typename Callable<Decayed>::template Host<Decayed>;
  return own(new Host(Decayed(std::forward<F>(f))));
}

/// A host function on slots, or on Values: its type is data.
template <class F>
struct RawHostFunction : HostFunction {
  FuncType type;
  size_t slots;
  F f;

  RawHostFunction(FuncType t, F&& f)
      : HostFunction{&run, [](HostFunction* self) { delete static_cast<RawHostFunction*>(self); }, {}, {}},
        type(std::move(t)),
        f(std::move(f)) {
    params = type.params;
    results = type.results;
    slots = std::max(count(params), count(results));
  }
  static size_t count(std::span<const ValType> types) {
    size_t n = 0;
    for (ValType t : types) n += t.slots();
    return n;
  }
  static TrapKind run(HostFunction& self, Caller& caller, Slot* slots) {
    RawHostFunction& raw = static_cast<RawHostFunction&>(self);
    CallResult<> result = raw.f(caller, std::span<Slot>(slots, raw.slots));
    return result.has_value() ? TrapKind::kNone : raise(caller, std::move(result.error()));
  }
};
template <class F>
HostFunctionPtr raw_host_function(FuncType type, F&& f) {
  using Decayed = std::decay_t<F>;
  return own(new RawHostFunction<Decayed>(std::move(type), Decayed(std::forward<F>(f))));
}

}  // namespace detail

/// A host function whose type is known only at run time. It fills `results`, whose values come as the zeros of their
/// types; a result of a wrong type fails the guest.
using ValuesFunction = std::function<CallResult<>(Caller&, std::span<const Value> args, std::span<Value> results)>;

template <class F>
Func Func::wrap(StoreRef store, F&& f) {
  return make(store, detail::typed_host_function(std::forward<F>(f)));
}
template <class F>
Func Func::raw_function(StoreRef store, FuncType type, F&& f) {
  return make(store, detail::raw_host_function(std::move(type), std::forward<F>(f)));
}

/// A function whose C++ signature has been checked against its WebAssembly type, so that a call costs little more than
/// the call itself. As cheap to copy as a Func.
template <class R, class... Args>
class TypedFunc<R(Args...)> {
 public:
  CallResult<R> operator()(const Args&... args) const {
    using Params = detail::Values<Args...>;
    using Outcome = detail::Results<R>;
    Slot slots[std::max({Params::kSlots, Outcome::kSlots, 1u})];
    Params::store(slots, args...);
    if (TrapKind trap = func_.enter(slots); trap != TrapKind::kNone) [[unlikely]] {
      return std::unexpected(func_.take_trap(trap));
    }
    if constexpr (std::is_void_v<R>) {
      return {};
    } else {
      return Outcome::load(func_.store(), slots);
    }
  }
  Func func() const { return func_; }

 private:
  friend class Func;
  explicit TypedFunc(Func func) : func_(func) {}
  Func func_;
};

template <class Signature>
Result<TypedFunc<Signature>> Func::typed() const {
  return [this]<class R, class... Args>(std::type_identity<R(Args...)>) -> Result<TypedFunc<Signature>> {
    auto check = check_type(detail::Values<Args...>::kTypes, detail::Results<R>::kTypes);
    if (!check.has_value()) return std::unexpected(std::move(check.error()));
    return TypedFunc<Signature>(*this);
  }(std::type_identity<Signature>());
}

}  // namespace wherry
