// Every op, many times over, on a small native stack: a handler that left a frame behind would overflow it. Also the
// proof that every op of the table can be translated and run.
#include <pthread.h>

#include <map>
#include <string>

#include "guest.h"
#include "wasm/ops.h"

namespace wherry::interp_test {
namespace {

using wasm::ImmKind;
using wasm::Op;
using wasm::OpInfo;

constexpr std::string_view kPreamble = R"((module
  (type $f (func (result i32)))
  (type $s (struct (field (mut i32)) (field (mut i8))))
  (type $a (array (mut i32)))
  (type $b (array (mut i8)))
  (type $r (array (mut funcref)))
  (tag $t (param i32))
  (memory 1 2 shared)
  (table $t 10 funcref) (table $u 4 externref)
  (global $g (mut i32) (i32.const 5))
  (data $d "0123456789")
  (elem $e func $one $one)
  (elem (table $t) (i32.const 0) func $one)
  (func $one (export "one") (type $f) (i32.const 1))
)";
constexpr std::string_view kLocals = R"(
    (local $i i32) (local $l i64) (local $x f32) (local $y f64) (local $v v128)
    (local $s (ref null $s)) (local $a (ref null $a)) (local $b (ref null $b)) (local $any anyref) (local $ext externref)
    (local $exn exnref)
    (local.set $i (i32.const 8)) (local.set $l (i64.const 3)) (local.set $x (f32.const 1.5))
    (local.set $y (f64.const 2.5)) (local.set $v (v128.const i32x4 1 2 3 4))
    (local.set $s (struct.new_default $s)) (local.set $a (array.new_default $a (i32.const 16)))
    (local.set $b (array.new_default $b (i32.const 16))) (local.set $any (ref.i31 (i32.const 3)))
)";

/// Bodies of the ops whose type is not in their row; each leaves the operand stack as it was.
const std::map<std::string_view, std::string_view> kSpecial = {
    {"unreachable", "(if (i32.eqz (local.get $i)) (then unreachable))"},
    {"block", "(block (br_if 0 (local.get $i)))"},
    {"loop", "(loop (br_if 0 (i32.eqz (local.get $i))))"},
    {"if", "(if (local.get $i) (then (nop)) (else (nop)))"},
    {"else", "(drop (if (result i32) (i32.eqz (local.get $i)) (then (i32.const 1)) (else (i32.const 2))))"},
    {"end", "(block)"},
    {"try", "(try (do (throw $t (i32.const 1))) (catch $t (drop)))"},
    {"catch", "(try (do (throw $t (i32.const 1))) (catch $t (drop)))"},
    {"throw", "(drop (block $h (result i32) (try_table (catch $t $h) (throw $t (i32.const 1))) (i32.const 2)))"},
    {"rethrow", "(try (do (try (do (throw $t (i32.const 1))) (catch_all (rethrow 0)))) (catch_all))"},
    {"throw_ref",
     "(block $all (try_table (catch_all $all) (throw_ref (block $h (result exnref) "
     "(try_table (catch_all_ref $h) (throw $t (i32.const 1))) (unreachable)))))"},
    {"br", "(block (br 0))"},
    {"br_if", "(block (br_if 0 (local.get $i)))"},
    {"br_table", "(block (block (br_table 0 1 1 (local.get $i))))"},
    {"return", "(if (i32.eqz (local.get $i)) (then (return)))"},
    {"call", "(drop (call $one))"},
    {"call_indirect", "(drop (call_indirect (type $f) (i32.const 0)))"},
    {"return_call", "(drop (call $tail1))"},
    {"return_call_indirect", "(drop (call $tail2))"},
    {"call_ref", "(drop (call_ref $f (ref.func $one)))"},
    {"return_call_ref", "(drop (call $tail3))"},
    {"delegate", "(try (do (try (do (throw $t (i32.const 1))) (delegate 0))) (catch_all))"},
    {"catch_all", "(try (do (throw $t (i32.const 1))) (catch_all))"},
    {"drop", "(drop (local.get $i))"},
    {"select", "(drop (select (local.get $i) (i32.const 2) (local.get $i)))"},
    {"select t", "(drop (select (result i64) (local.get $l) (i64.const 2) (local.get $i)))"},
    {"try_table", "(block $h (try_table (catch_all $h) (throw $t (i32.const 1))))"},
    {"local.get", "(drop (local.get $i))"},
    {"local.set", "(local.set $l (i64.const 3))"},
    {"local.tee", "(drop (local.tee $i (i32.const 8)))"},
    {"global.get", "(drop (global.get $g))"},
    {"global.set", "(global.set $g (i32.const 5))"},
    {"table.get", "(drop (table.get $t (i32.const 0)))"},
    {"table.set", "(table.set $t (i32.const 1) (ref.func $one))"},
    {"ref.null", "(drop (ref.null func))"},
    {"ref.is_null", "(drop (ref.is_null (local.get $s)))"},
    {"ref.func", "(drop (ref.func $one))"},
    {"ref.eq", "(drop (ref.eq (local.get $s) (local.get $a)))"},
    {"ref.as_non_null", "(drop (ref.as_non_null (local.get $s)))"},
    {"br_on_null", "(block (drop (br_on_null 0 (local.get $s))))"},
    {"br_on_non_null", "(drop (block (result (ref $s)) (br_on_non_null 0 (local.get $s)) (unreachable)))"},
    {"struct.new", "(drop (struct.new $s (i32.const 1) (i32.const 2)))"},
    {"struct.new_default", "(drop (struct.new_default $s))"},
    {"struct.get", "(drop (struct.get $s 0 (local.get $s)))"},
    {"struct.get_s", "(drop (struct.get_s $s 1 (local.get $s)))"},
    {"struct.get_u", "(drop (struct.get_u $s 1 (local.get $s)))"},
    {"struct.set", "(struct.set $s 0 (local.get $s) (i32.const 3))"},
    {"array.new", "(drop (array.new $a (i32.const 1) (i32.const 4)))"},
    {"array.new_default", "(drop (array.new_default $a (i32.const 4)))"},
    {"array.new_fixed", "(drop (array.new_fixed $a 2 (i32.const 4) (i32.const 5)))"},
    {"array.new_data", "(drop (array.new_data $b $d (i32.const 1) (i32.const 3)))"},
    {"array.new_elem", "(drop (array.new_elem $r $e (i32.const 0) (i32.const 2)))"},
    {"array.get", "(drop (array.get $a (local.get $a) (i32.const 1)))"},
    {"array.get_s", "(drop (array.get_s $b (local.get $b) (i32.const 1)))"},
    {"array.get_u", "(drop (array.get_u $b (local.get $b) (i32.const 1)))"},
    {"array.set", "(array.set $a (local.get $a) (i32.const 1) (i32.const 7))"},
    {"array.len", "(drop (array.len (local.get $a)))"},
    {"array.fill", "(array.fill $a (local.get $a) (i32.const 0) (i32.const 1) (i32.const 4))"},
    {"array.copy", "(array.copy $a $a (local.get $a) (i32.const 0) (local.get $a) (i32.const 4) (i32.const 4))"},
    {"array.init_data", "(array.init_data $b $d (local.get $b) (i32.const 0) (i32.const 1) (i32.const 4))"},
    {"array.init_elem",
     "(array.init_elem $r $e (array.new_default $r (i32.const 2)) (i32.const 0) (i32.const 0) "
     "(i32.const 2))"},
    {"ref.test", "(drop (ref.test (ref i31) (local.get $any)))"},
    {"ref.test null", "(drop (ref.test (ref null i31) (local.get $any)))"},
    {"ref.cast", "(drop (ref.cast (ref i31) (local.get $any)))"},
    {"ref.cast null", "(drop (ref.cast (ref null i31) (local.get $any)))"},
    {"br_on_cast", "(drop (block (result anyref) (br_on_cast 0 anyref (ref i31) (local.get $any))))"},
    {"br_on_cast_fail", "(drop (block (result anyref) (br_on_cast_fail 0 anyref (ref i31) (local.get $any))))"},
    {"any.convert_extern", "(drop (any.convert_extern (local.get $ext)))"},
    {"extern.convert_any", "(drop (extern.convert_any (local.get $any)))"},
    {"ref.i31", "(drop (ref.i31 (local.get $i)))"},
    {"i31.get_s", "(drop (i31.get_s (ref.cast (ref i31) (local.get $any))))"},
    {"i31.get_u", "(drop (i31.get_u (ref.cast (ref i31) (local.get $any))))"},
    {"memory.init", "(memory.init $d (i32.const 0) (i32.const 1) (i32.const 4))"},
    {"data.drop", "(data.drop $d)"},
    {"memory.copy", "(memory.copy (i32.const 0) (i32.const 8) (i32.const 8))"},
    {"memory.fill", "(memory.fill (i32.const 0) (i32.const 8) (i32.const 8))"},
    {"memory.grow", "(drop (memory.grow (i32.const 9)))"},
    {"memory.size", "(drop (memory.size))"},
    {"table.init", "(table.init $t $e (i32.const 2) (i32.const 0) (i32.const 2))"},
    {"elem.drop", "(elem.drop $e)"},
    {"table.copy", "(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 2))"},
    {"table.grow", "(drop (table.grow $u (ref.null extern) (i32.const 0)))"},
    {"table.size", "(drop (table.size $t))"},
    {"table.fill", "(table.fill $u (i32.const 0) (ref.null extern) (i32.const 2))"},
};

std::string operand(char letter) {
  switch (letter) {
    case 'i':
      return "(local.get $i)";
    case 'l':
      return "(local.get $l)";
    case 'f':
      return "(local.get $x)";
    case 'd':
      return "(local.get $y)";
    case 'v':
      return "(local.get $v)";
    default:
      return "(i32.const 16)";
  }
}

/// Runs the op once, and leaves the operand stack as it was; empty if there is no such body.
std::string body_of(const OpInfo& row) {
  if (const auto special = kSpecial.find(row.text); special != kSpecial.end()) return std::string(special->second);
  if (row.signature.special) return "";
  std::string body = "(" + std::string(row.text);
  switch (row.imm) {
    case ImmKind::kI32:
    case ImmKind::kI64:
    case ImmKind::kF32:
    case ImmKind::kF64:
    case ImmKind::kLane:
    case ImmKind::kMemArgLane:
      body += " 1";
      break;
    case ImmKind::kV128:
      body += " i32x4 1 2 3 4";
      break;
    case ImmKind::kLanes16:
      body += " 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31";
      break;
    default:
      break;
  }
  for (char p : std::string_view(row.signature.params)) body += " " + operand(p);
  body += ")";
  for (size_t n = 0; n < std::string_view(row.signature.results).size(); ++n) body += " drop";
  return body;
}

struct Job {
  Guest* guest;
  std::string name;
  TrapKind kind = TrapKind::kNone;
};

TEST(Torture, NoOpLeavesAFrame) {
  constexpr size_t kNativeStack = 256 << 10;
  constexpr uint32_t kTimes = 100'000;  // a frame has 8 bytes at least
  std::string text(kPreamble);
  text += "(func $tail1 (type $f) (return_call $one))\n";
  text += "(func $tail2 (type $f) (return_call_indirect (type $f) (i32.const 0)))\n";
  text += "(func $tail3 (type $f) (return_call_ref $f (ref.func $one)))\n";
  std::vector<std::string> names;
  for (const OpInfo& row : wasm::kOpTable) {
    const std::string body = body_of(row);
    ASSERT_FALSE(body.empty()) << "what would run " << row.text << "?";
    names.push_back(std::string(row.text) + "#" + std::to_string(static_cast<unsigned>(row.op)));
    text += "(func (export \"" + names.back() + "\") (param $n i32)" + std::string(kLocals) + "(loop $again " + body +
            " (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))\n";
  }
  Guest guest(text + ")");
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    Job run{.guest = &guest, .name = name};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, kNativeStack), 0);
    pthread_t thread;
    ASSERT_EQ(pthread_create(
                  &thread, &attributes,
                  [](void* argument) -> void* {
                    auto& run = *static_cast<Job*>(argument);
                    Slot slots[4] = {kTimes};
                    const auto result = run.guest->call(run.name, slots);
                    if (!result.has_value()) run.kind = result.error().kind;
                    return nullptr;
                  },
                  &run),
              0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
    EXPECT_EQ(run.kind, TrapKind::kNone) << message(run.kind);
  }
}

}  // namespace
}  // namespace wherry::interp_test
