// Func: a function that can be called, of the guest or of the host.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "wherry/extern_type.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/trap.h"
#include "wherry/types.h"

namespace wherry::runtime {
struct Func;
}

namespace [[gnu::visibility("default")]] wherry {

class Caller;
class Value;

/// A value as running code holds it. i32 and f32 sit in the low half; a v128 takes two, low half first; a reference is
/// Ref::raw() or Func::raw(). Raw references are not roots: they are safe only until the next call or allocation.
using Slot = uint64_t;

namespace detail {
struct HostFunction;
}

template <class Signature>
class TypedFunc;

/// A handle to a function of a store, one pointer in size; also the value of a funcref, and so possibly null.
class Func {
 public:
  /// The null function reference.
  Func() = default;

  /// A host function from any C++ callable (function pointer, lambda, std::function) whose parameters, after an
  /// optional first Caller&, are 32- or 64-bit integers, float, double, V128, Func, ExternRef, AnyRef or ExnRef, and
  /// whose result is void, one of these, a std::tuple of these, or a CallResult<> of one of the former, in order to
  /// fail. It must not throw a C++ exception. Defined in host_func.h.
  template <class F>
  static Func wrap(StoreRef store, F&& f);
  /// A host function on raw slots, the cheapest there is: f(Caller&, std::span<Slot>) -> CallResult<>. The span begins
  /// with the arguments, which the results replace. Its types must be the engine's.
  template <class F>
  static Func raw_function(StoreRef store, FuncType type, F&& f);
  /// A host function of a type known at run time; see ValuesFunction.
  static Func values_function(StoreRef store, FuncType type,
                              std::function<CallResult<>(Caller&, std::span<const Value>, std::span<Value>)> f);

  bool is_null() const { return func_ == nullptr; }
  explicit operator bool() const { return !is_null(); }
  bool operator==(const Func&) const = default;

  // Everything below: only of a function that is not null.
  TypeId type_id() const;
  FuncType type() const;
  /// The type's parts, as long as the engine lives: without copies, for frequent calls.
  std::span<const ValType> params() const;
  std::span<const ValType> results() const;
  StoreRef store() const;

  /// Calls with values of the function's parameter types. Arguments that do not fit give a trap of kind kHostError that
  /// says so.
  CallResult<std::vector<Value>> call(std::span<const Value> args) const;
  CallResult<std::vector<Value>> call(std::initializer_list<Value> args) const;
  /// Calls with slots; `slots` has room for the arguments and for the results, which replace them.
  CallResult<> call_raw(Slot* slots) const;

  /// typed<int32_t(int64_t, double)>(): the function as a C++ callable. Results of several values are a std::tuple.
  /// Error: kType.
  template <class Signature>
  Result<TypedFunc<Signature>> typed() const;

  /// The reference as Slots carry it.
  uint64_t raw() const { return reinterpret_cast<uint64_t>(func_); }
  static Func from_raw(uint64_t raw) { return Func(reinterpret_cast<runtime::Func*>(raw)); }

  /// For Wherry's own rooms.
  explicit Func(runtime::Func* func) : func_(func) {}
  runtime::Func* impl() const { return func_; }

 private:
  template <class Signature>
  friend class TypedFunc;

  static Func make(StoreRef store, const std::shared_ptr<detail::HostFunction>& function);
  Result<> check_type(std::span<const ValType> params, std::span<const ValType> results) const;
  /// Calls; the trap's details wait for take_trap().
  TrapKind enter(Slot* slots) const;
  Trap take_trap(TrapKind kind) const;

  runtime::Func* func_ = nullptr;
};

}  // namespace wherry
