#include "wherry/func.h"

#include "api/instantiate.h"
#include "api/store_state.h"
#include "api/values.h"
#include "runtime/instance.h"
#include "wherry/host_func.h"
#include "wherry/instance.h"
#include "wherry/value.h"

namespace wherry {
namespace detail {

TrapKind enter_host_function(runtime::Func& func, runtime::Slot* slots) {
  runtime::ExecState& exec = *func.context->exec;
  exec.trap_frame_count = 0;
  if (reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < exec.native_limit) [[unlikely]] {
    return TrapKind::kStackOverflow;
  }
  auto* host = static_cast<HostFunction*>(func.host);
  Caller caller(StoreState::of(exec), exec.caller);
  return host->invoke(*host, caller, slots);
}

TrapKind raise(Caller& caller, Trap trap) { return caller.state().raise(std::move(trap)); }

HostFunctionPtr values_host_function(FuncType type, ValuesFunction f) {
  FuncType copy = type;
  return raw_host_function(
      std::move(copy),
      [type = std::move(type), f = std::move(f)](Caller& caller, std::span<Slot> slots) -> CallResult<> {
        const std::vector<Value> args = from_slots(caller.state(), type.params, slots.data());
        std::fill(slots.begin(), slots.end(), 0);
        std::vector<Value> results = from_slots(caller.state(), type.results, slots.data());
        if (CallResult<> called = f(caller, args, results); !called.has_value()) return called;
        Result<> stored = to_slots(caller.state(), results, type.results, slots.data(), "result");
        if (!stored.has_value()) return caller.fail(stored.error().message);
        return {};
      });
}

}  // namespace detail

Func Func::make(StoreRef store, const detail::HostFunctionPtr& function) {
  detail::StoreState& state = store.state();
  const TypeId type = state.engine().impl().types().intern_func(function->params, function->results);
  return Func(state.host_func(function, type));
}

Func Func::values_function(StoreRef store, FuncType type, ValuesFunction f) {
  return make(store, detail::values_host_function(std::move(type), std::move(f)));
}

TypeId Func::type_id() const { return func_->type; }
FuncType Func::type() const { return store().engine().func_type(func_->type); }
std::span<const ValType> Func::params() const { return detail::StoreState::of(*func_).types().get(func_->type).params; }
std::span<const ValType> Func::results() const {
  return detail::StoreState::of(*func_).types().get(func_->type).results;
}
StoreRef Func::store() const { return StoreRef(detail::StoreState::of(*func_)); }

TrapKind Func::enter(Slot* slots) const { return detail::StoreState::of(*func_).call(*func_, slots); }
Trap Func::take_trap(TrapKind kind) const { return detail::StoreState::of(*func_).take_trap(kind); }

CallResult<> Func::call_raw(Slot* slots) const {
  if (TrapKind trap = enter(slots); trap != TrapKind::kNone) return std::unexpected(take_trap(trap));
  return {};
}

CallResult<std::vector<Value>> Func::call(std::span<const Value> args) const {
  detail::StoreState& state = detail::StoreState::of(*func_);
  const wasm::TypeDef& type = state.types().get(func_->type);
  std::vector<Slot> slots(std::max(type.param_slots, type.result_slots));
  if (auto stored = detail::to_slots(state, args, type.params, slots.data(), "argument"); !stored.has_value()) {
    return std::unexpected(Trap::host_error(stored.error().message));
  }
  if (auto called = call_raw(slots.data()); !called.has_value()) return std::unexpected(std::move(called.error()));
  return detail::from_slots(state, type.results, slots.data());
}

CallResult<std::vector<Value>> Func::call(std::initializer_list<Value> args) const {
  return call(std::span<const Value>(args.begin(), args.size()));
}

Result<> Func::check_type(std::span<const ValType> params, std::span<const ValType> results) const {
  const detail::StoreState& state = detail::StoreState::of(*func_);
  const wasm::TypeDef& type = state.types().get(func_->type);
  auto match = [&](std::span<const ValType> subs, std::span<const ValType> supers) {
    return std::equal(subs.begin(), subs.end(), supers.begin(), supers.end(),
                      [&](ValType sub, ValType super) { return state.types().matches(sub, super); });
  };
  if (match(params, type.params) && match(type.results, results)) return {};
  const FuncType expected{{params.begin(), params.end()}, {results.begin(), results.end()}};
  return fail(ErrorCode::kType,
              "expected " + state.engine().to_string(expected) + ", found " + state.engine().to_string(this->type()));
}

std::optional<Instance> Caller::instance() const {
  if (context_ == nullptr) return std::nullopt;
  return Instance(*context_->instance);
}

std::optional<Memory> Caller::memory(uint32_t index) const {
  if (context_ == nullptr || index >= context_->instance->module().memories.size()) return std::nullopt;
  return Memory(*this, *context_->instance->memory(index));
}

std::span<uint8_t> Caller::memory_bytes() const {
  if (context_ == nullptr) return {};
  if (!context_->instance->module().memories.empty()) context_->instance->memory(0)->make_accessible();
  const runtime::MemoryView& view = *context_->memory0;
  return {view.base, __atomic_load_n(&view.bytes, __ATOMIC_RELAXED)};
}

std::unexpected<Trap> Caller::throw_exception(const Tag& tag, std::span<const Value> args) const {
  Result<ExnRef> exception = ExnRef::make(*this, tag, args);
  if (!exception.has_value()) {
    if (exception.error().code != ErrorCode::kLimit) return fail(exception.error().message);
    Trap trap;
    trap.kind = TrapKind::kOutOfGcHeap;
    trap.message = exception.error().message;
    return std::unexpected(std::move(trap));
  }
  Trap trap;
  trap.kind = TrapKind::kUncaughtException;
  trap.message = message(trap.kind);
  trap.exception = std::move(*exception);
  return std::unexpected(std::move(trap));
}

bool Caller::interrupted() const { return __atomic_load_n(&state().exec().interrupt, __ATOMIC_RELAXED) != 0; }

}  // namespace wherry
