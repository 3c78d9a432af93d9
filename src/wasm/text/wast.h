// The script language of the spec suite (.wast): modules, and what is expected of them. A script is parsed whole into
// plain commands; running them is the business of whoever has an engine.
// Grammar: https://github.com/WebAssembly/spec/tree/main/interpreter#scripts
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wherry/result.h"
#include "wherry/types.h"
#include "wherry/v128.h"

namespace wherry::wasm::wast {

/// An identifier without its $, unescaped; empty for none ("the current module").
using Id = std::string;

/// A module as the script gives it.
struct ScriptModule {
  enum class Form : uint8_t {
    kText,    ///< (module ...) in the script itself, or fields without a module around them
    kBinary,  ///< (module binary "...")
    kQuote,   ///< (module quote "..."), text in strings
  };
  Form form = Form::kText;
  Id id;
  /// The binary, not validated. For text and quoted text the encoded module, or the syntax error (kQuote: with an
  /// offset in `quote`; kText: in the script). A text that assert_malformed speaks of has its error here.
  Result<std::vector<uint8_t>> wasm{};
  /// kQuote: the text.
  std::string quote;
};

/// A constant argument.
struct Value {
  enum class Kind : uint8_t {
    kI32,
    kI64,
    kF32,
    kF64,
    kV128,
    kRefNull,    ///< (ref.null heaptype): `heap`
    kRefExtern,  ///< (ref.extern n): the host object number `bits`, as an externref
    kRefHost,    ///< (ref.host n): the host object number `bits`, internalised as an anyref
  };
  Kind kind = Kind::kI32;
  uint64_t bits = 0;  ///< i32 and f32 zero-extended.
  V128 v128;
  HeapType heap = HeapType::kAny;
};

/// What one result must look like.
struct Pattern {
  enum class Kind : uint8_t {
    kI32,
    kI64,
    kF32,
    kF64,
    kV128,
    kRefNull,    ///< (ref.null), or (ref.null heaptype) with `heap`: any null
    kRefExtern,  ///< (ref.extern), or (ref.extern n) with `number`: a host object as an externref
    kRefHost,    ///< (ref.host n): a host object as an anyref; `number`
    kRefFunc,    ///< (ref.func): a function that is not null
    kRefExn,     ///< (ref.exn)
    kRefAny,     ///< (ref.any)
    kRefEq,      ///< (ref.eq): an i31, struct or array
    kRefI31,     ///< (ref.i31)
    kRefStruct,  ///< (ref.struct)
    kRefArray,   ///< (ref.array)
    kEither,     ///< (either p...): one of `alternatives`
  };
  /// What is asked of a float or a float lane.
  enum class Nan : uint8_t {
    kNone,        ///< Exactly the bits given (which may be a NaN's).
    kCanonical,   ///< nan:canonical: a NaN whose payload is the quiet bit alone, of any sign.
    kArithmetic,  ///< nan:arithmetic: a NaN whose quiet bit is set, of any sign.
  };
  /// How a v128 was written; lanes are compared as such, since NaN patterns are by lane.
  enum class Shape : uint8_t { kI8x16, kI16x8, kI32x4, kI64x2, kF32x4, kF64x2 };

  Kind kind = Kind::kI32;
  uint64_t bits = 0;  ///< i32 and f32 zero-extended; for kF32 and kF64 only if `nan[0]` is kNone.
  V128 v128;          ///< Lanes with a NaN pattern are zero.
  Shape shape = Shape::kI8x16;
  std::array<Nan, 4> nan{};  ///< [0] for kF32 and kF64; by lane for the shapes f32x4 and f64x2.
  std::optional<uint32_t> number;
  std::optional<HeapType> heap;
  std::vector<Pattern> alternatives;
};

struct Action {
  enum class Kind : uint8_t { kInvoke, kGet };
  Kind kind = Kind::kInvoke;
  Id module;
  std::string name;         ///< Of the export.
  std::vector<Value> args;  ///< kInvoke
};

/// (module ...) instantiates and makes current; (module definition ...) only names a module.
struct ModuleCommand {
  ScriptModule module;
  bool definition = false;
};
/// (module instance $instance $definition): instantiates a definition (empty: the latest) and makes it current.
struct InstanceCommand {
  Id instance;
  Id definition;
};
/// (register "name" $module)
struct RegisterCommand {
  std::string name;
  Id module;
};
/// (assert_return action result...)
struct AssertReturn {
  Action action;
  std::vector<Pattern> results;
};
/// The action must end in a trap, run out of stack, or throw.
struct AssertAction {
  enum class Kind : uint8_t { kTrap, kExhaustion, kException };
  Kind kind;
  Action action;
  std::string message;  ///< None for kException.
};
/// The module must fail. kTrap and kUnlinkable: when instantiated; the others before. The `...Custom` ones may fail
/// only in a tool that reads the custom sections.
struct AssertModule {
  enum class Kind : uint8_t { kTrap, kUnlinkable, kInvalid, kMalformed, kInvalidCustom, kMalformedCustom };
  Kind kind;
  ScriptModule module;
  std::string message;
};

struct Command {
  uint64_t offset = 0;  ///< In the script.
  uint32_t line = 1;    ///< Of the offset, counted from 1.
  std::variant<ModuleCommand, InstanceCommand, RegisterCommand, Action, AssertReturn, AssertAction, AssertModule> what;
};

/// Errors: kSyntax and kLimit, as parse_wat; but a syntax error within a module stays in ScriptModule::wasm.
/// Thread-safe.
Result<std::vector<Command>> parse_wast(std::string_view text);

}  // namespace wherry::wasm::wast
