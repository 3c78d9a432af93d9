#include "cli/wast_runner.h"

#include <fmt/core.h>

#include <map>
#include <optional>

#include "cli/spectest.h"
#include "cli/values.h"
#include "wasm/text/wast.h"
#include "wasm/text/wat.h"
#include "wherry/wherry.h"

namespace wherry::cli {
namespace {

using wasm::position_of;
using wasm::wast::Action;
using wasm::wast::AssertAction;
using wasm::wast::AssertModule;
using wasm::wast::AssertReturn;
using wasm::wast::Command;
using wasm::wast::Id;
using wasm::wast::InstanceCommand;
using wasm::wast::ModuleCommand;
using wasm::wast::Pattern;
using wasm::wast::RegisterCommand;
using wasm::wast::ScriptModule;
using ScriptValue = wasm::wast::Value;

bool is_f32_nan(uint32_t bits, Pattern::Nan nan) {
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  return nan == Pattern::Nan::kCanonical ? magnitude == 0x7FC00000 : (magnitude & 0x7FC00000) == 0x7FC00000;
}
bool is_f64_nan(uint64_t bits, Pattern::Nan nan) {
  const uint64_t magnitude = bits & 0x7FFFFFFFFFFFFFFF;
  return nan == Pattern::Nan::kCanonical ? magnitude == 0x7FF8000000000000
                                         : (magnitude & 0x7FF8000000000000) == 0x7FF8000000000000;
}

bool matches_v128(const Pattern& pattern, V128 value) {
  const auto words = std::bit_cast<std::array<uint32_t, 4>>(value);
  const auto expected_words = std::bit_cast<std::array<uint32_t, 4>>(pattern.v128);
  for (size_t lane = 0; lane < 4; ++lane) {
    if (pattern.shape == Pattern::Shape::kF32x4 && pattern.nan[lane] != Pattern::Nan::kNone) {
      if (!is_f32_nan(words[lane], pattern.nan[lane])) return false;
    } else if (pattern.shape == Pattern::Shape::kF64x2 && pattern.nan[lane / 2] != Pattern::Nan::kNone) {
      const uint64_t bits = lane < 2 ? value.low() : value.high();
      if (!is_f64_nan(bits, pattern.nan[lane / 2])) return false;
    } else if (words[lane] != expected_words[lane]) {
      return false;
    }
  }
  return true;
}

bool is_anyref(const Value& value) { return value.type() == ValType::ref(HeapType::kAny, true); }

/// Whether a host object, seen as an externref, is number `n` (or any).
bool is_host_object(const ExternRef& ref, std::optional<uint32_t> n) {
  const auto word = ref.word();
  return word && (!n || *word == *n);
}

bool matches(const Pattern& p, const Value& v) {
  using Kind = Pattern::Kind;
  switch (p.kind) {
    case Kind::kI32:
      return v.type() == ValType::kI32 && static_cast<uint32_t>(v.i32()) == p.bits;
    case Kind::kI64:
      return v.type() == ValType::kI64 && static_cast<uint64_t>(v.i64()) == p.bits;
    case Kind::kF32:
      return v.type() == ValType::kF32 &&
             (p.nan[0] == Pattern::Nan::kNone ? v.f32_bits() == p.bits : is_f32_nan(v.f32_bits(), p.nan[0]));
    case Kind::kF64:
      return v.type() == ValType::kF64 &&
             (p.nan[0] == Pattern::Nan::kNone ? v.f64_bits() == p.bits : is_f64_nan(v.f64_bits(), p.nan[0]));
    case Kind::kV128:
      return v.type() == ValType::kV128 && matches_v128(p, v.v128());
    case Kind::kRefNull:
      return v.is_null();
    case Kind::kRefFunc:
      return v.type() == ValType::funcref() && !v.is_null();
    case Kind::kRefExn:
      return v.type() == ValType::exnref() && !v.is_null();
    case Kind::kRefExtern:
      if (v.type() != ValType::externref() || v.is_null()) return false;
      return !p.number || is_host_object(v.externref(), p.number);
    case Kind::kRefHost:
      return is_anyref(v) && is_host_object(ExternRef(v.anyref()), p.number);
    case Kind::kRefAny:
      return is_anyref(v) && !v.is_null();
    case Kind::kRefEq:
      return is_anyref(v) && (v.anyref().is_i31() || v.anyref().is_struct() || v.anyref().is_array());
    case Kind::kRefI31:
      return is_anyref(v) && v.anyref().is_i31();
    case Kind::kRefStruct:
      return is_anyref(v) && v.anyref().is_struct();
    case Kind::kRefArray:
      return is_anyref(v) && v.anyref().is_array();
    case Kind::kEither:
      for (const Pattern& alternative : p.alternatives) {
        if (matches(alternative, v)) return true;
      }
      return false;
  }
  return false;
}

bool same_message(std::string_view expected, std::string_view actual) {
  return actual.starts_with(expected) || (!actual.empty() && expected.starts_with(actual));
}

std::string join(const std::vector<Value>& values) {
  std::string out;
  for (const Value& value : values) out += (out.empty() ? "" : " ") + value.to_string();
  return out.empty() ? "nothing" : out;
}

/// The outcome of an action: results, or a trap; a missing export or module is an Error.
using Outcome = Result<CallResult<std::vector<Value>>>;

class ScriptRunner {
 public:
  explicit ScriptRunner(const Config& config) : engine_(config), store_(engine_), linker_(engine_) {
    linker_.allow_shadowing(true);  // scripts register a name again
  }

  Result<ScriptResult> run(std::string_view script) {
    WHERRY_TRY(const std::vector<Command> commands, wasm::wast::parse_wast(script));
    WHERRY_CHECK(define_spectest(linker_, store_));
    for (const Command& command : commands) {
      ++result_.commands;
      const std::optional<std::string> failure =
          std::visit([this](const auto& what) { return run(what); }, command.what);
      if (!failure) continue;
      const auto at = position_of(script, command.offset);
      result_.failures.push_back({at.line, at.column, *failure});
    }
    return std::move(result_);
  }

 private:
  using Failure = std::optional<std::string>;

  // One for each command: what went wrong, or nothing.

  Failure run(const ModuleCommand& command) {
    auto module = load(command.module);
    if (!module.has_value()) return describe(module.error());
    definitions_.insert_or_assign(command.module.id, *module);
    latest_definition_ = *module;
    if (command.definition) return std::nullopt;
    return instantiate(command.module.id, *module);
  }

  Failure run(const InstanceCommand& command) {
    if (command.definition.empty()) {
      if (!latest_definition_) return "there is no module definition";
      return instantiate(command.instance, *latest_definition_);
    }
    const auto found = definitions_.find(command.definition);
    if (found == definitions_.end()) return fmt::format("unknown module definition ${}", command.definition);
    return instantiate(command.instance, found->second);
  }

  Failure run(const RegisterCommand& command) {
    auto instance = find(command.module);
    if (!instance.has_value()) return describe(instance.error());
    auto linked = linker_.instance(command.name, *instance);
    return linked.has_value() ? std::nullopt : Failure(describe(linked.error()));
  }

  Failure run(const Action& action) {
    Outcome outcome = perform(action);
    if (!outcome.has_value()) return describe(outcome.error());
    if (!outcome->has_value()) return outcome->error().to_string();
    return std::nullopt;
  }

  Failure run(const AssertReturn& command) {
    Outcome outcome = perform(command.action);
    if (!outcome.has_value()) return describe(outcome.error());
    if (!outcome->has_value()) return outcome->error().to_string();
    const std::vector<Value>& values = **outcome;
    bool ok = values.size() == command.results.size();
    for (size_t i = 0; ok && i < values.size(); ++i) ok = matches(command.results[i], values[i]);
    return ok ? std::nullopt : Failure(fmt::format("{}: unexpected result: {}", command.action.name, join(values)));
  }

  Failure run(const AssertAction& command) {
    Outcome outcome = perform(command.action);
    if (!outcome.has_value()) return describe(outcome.error());
    if (outcome->has_value()) {
      return fmt::format("{}: expected {}, got {}", command.action.name, expectation(command), join(**outcome));
    }
    const Trap& trap = outcome->error();
    const bool exception = trap.kind == TrapKind::kUncaughtException;
    const bool exhaustion = trap.kind == TrapKind::kStackOverflow;
    switch (command.kind) {
      case AssertAction::Kind::kException:
        if (exception) return std::nullopt;
        break;
      case AssertAction::Kind::kExhaustion:
        if (exhaustion) return std::nullopt;
        break;
      case AssertAction::Kind::kTrap:
        if (!exception && !exhaustion && same_message(command.message, trap.message)) return std::nullopt;
        break;
    }
    return fmt::format("{}: expected {}, got: {}", command.action.name, expectation(command), trap.message);
  }

  Failure run(const AssertModule& command) {
    using Kind = AssertModule::Kind;
    auto module = load(command.module);
    Error error(ErrorCode::kInvalid, "");
    if (module.has_value()) {
      auto instance = linker_.instantiate(store_, *module);
      if (instance.has_value()) return fmt::format("expected the failure: {}", command.message);
      error = instance.error();
    } else {
      error = module.error();
    }
    if (!is_class(command.kind, error)) {
      return fmt::format("expected: {}; it failed otherwise: {}", command.message, describe(error));
    }
    if (!same_message(command.message, error.message)) {
      if (command.kind == Kind::kTrap) return fmt::format("expected: {}; got: {}", command.message, error.message);
      ++result_.other_messages;
    }
    return std::nullopt;
  }

  static bool is_class(AssertModule::Kind kind, const Error& error) {
    using Kind = AssertModule::Kind;
    const ErrorCode code = error.code;
    switch (kind) {
      case Kind::kTrap:
        return code == ErrorCode::kTrap;
      case Kind::kUnlinkable:
        return code == ErrorCode::kUnlinkable;
      case Kind::kInvalid:
        return code == ErrorCode::kInvalid || code == ErrorCode::kUnsupported || code == ErrorCode::kLimit;
      case Kind::kMalformed:
        // 2^32 locals are malformed; a reader with a smaller limit meets that first.
        // Scripts from before memory64 call a memory of 2^32 pages malformed; now it is invalid.
        return code == ErrorCode::kMalformed || code == ErrorCode::kSyntax || code == ErrorCode::kLimit ||
               error.message.starts_with("memory size");
      case Kind::kInvalidCustom:
      case Kind::kMalformedCustom:
        return code == ErrorCode::kInvalid || code == ErrorCode::kMalformed || code == ErrorCode::kSyntax;
    }
    return false;
  }

  static std::string expectation(const AssertAction& command) {
    switch (command.kind) {
      case AssertAction::Kind::kTrap:
        return "the trap " + command.message;
      case AssertAction::Kind::kExhaustion:
        return "stack exhaustion";
      case AssertAction::Kind::kException:
        break;
    }
    return "an exception";
  }

  static std::string describe(const Error& error) {
    return error.offset == Error::kNoOffset ? error.message
                                            : fmt::format("{} (at offset {:#x})", error.message, error.offset);
  }

  Result<Module> load(const ScriptModule& module) {
    if (!module.wasm.has_value()) return std::unexpected(module.wasm.error());
    return Module::from_binary(engine_, *module.wasm);
  }

  Failure instantiate(const Id& id, const Module& module) {
    current_.reset();
    auto instance = linker_.instantiate(store_, module);
    if (!instance.has_value()) return describe(instance.error());
    current_ = *instance;
    if (!id.empty()) instances_.insert_or_assign(id, *instance);
    return std::nullopt;
  }

  Result<Instance> find(const Id& id) {
    if (id.empty()) {
      if (!current_) return fail(ErrorCode::kNotFound, "there is no current module");
      return *current_;
    }
    const auto found = instances_.find(id);
    if (found == instances_.end()) return fail(ErrorCode::kNotFound, fmt::format("unknown module ${}", id));
    return found->second;
  }

  Outcome perform(const Action& action) {
    WHERRY_TRY(const Instance instance, find(action.module));
    if (action.kind == Action::Kind::kGet) {
      WHERRY_TRY(const Global global, instance.global(action.name));
      return CallResult<std::vector<Value>>(std::vector<Value>{global.get()});
    }
    WHERRY_TRY(const Func func, instance.func(action.name));
    std::vector<Value> args;
    for (const ScriptValue& arg : action.args) {
      WHERRY_TRY(Value value, to_value(arg));
      args.push_back(std::move(value));
    }
    return func.call(args);
  }

  /// Host object number `n`: the same reference each time.
  Result<ExternRef> host_object(uint64_t n) {
    const auto found = host_objects_.find(n);
    if (found != host_objects_.end()) return found->second;
    WHERRY_TRY(ExternRef ref, ExternRef::make(store_, n));
    return host_objects_.emplace(n, std::move(ref)).first->second;
  }

  Result<Value> to_value(const ScriptValue& v) {
    using Kind = ScriptValue::Kind;
    switch (v.kind) {
      case Kind::kI32:
        return Value(static_cast<uint32_t>(v.bits));
      case Kind::kI64:
        return Value(v.bits);
      case Kind::kF32:
        return Value(std::bit_cast<float>(static_cast<uint32_t>(v.bits)));
      case Kind::kF64:
        return Value(std::bit_cast<double>(v.bits));
      case Kind::kV128:
        return Value(v.v128);
      case Kind::kRefNull:
        return null_value(v.heap);
      case Kind::kRefExtern: {
        WHERRY_TRY(ExternRef ref, host_object(v.bits));
        return Value(std::move(ref));
      }
      case Kind::kRefHost: {
        WHERRY_TRY(ExternRef ref, host_object(v.bits));
        return Value(AnyRef(std::move(ref)));
      }
    }
    return fail(ErrorCode::kType, "unknown kind of value");
  }

  Engine engine_;
  Store store_;
  Linker linker_;
  std::map<Id, Module> definitions_;
  std::optional<Module> latest_definition_;
  std::map<Id, Instance> instances_;
  std::optional<Instance> current_;
  std::map<uint64_t, ExternRef> host_objects_;
  ScriptResult result_;
};

}  // namespace

Result<ScriptResult> run_script(std::string_view script, const Config& config) {
  return ScriptRunner(config).run(script);
}

}  // namespace wherry::cli
