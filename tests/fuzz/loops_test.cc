// Loops as producers write them, over all that the compiler's loop versioning and rerolling look at: type, direction,
// unrolling, the way it ends; at places where ranges overlap, end with the memory, leave it, or wrap. Both tiers must
// give the same result or trap, and leave the same memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "wherry/wherry.h"

namespace wherry {
namespace {

constexpr uint32_t kBytes = 2 * 65536;

enum class Body { kCopy, kAdd, kSum, kNeighbours, kScale };
enum class End { kCounter, kNotEqual, kUnsigned, kSigned };

struct Element {
  const char* type;
  const char* load;
  const char* store;
  const char* add;
  uint32_t size;
};
constexpr Element kElements[] = {{"i32", "i32.load", "i32.store", "i32.add", 4},
                                 {"f64", "f64.load", "f64.store", "f64.add", 8},
                                 {"i32", "i32.load8_u", "i32.store8", "i32.add", 1},
                                 {"f32", "f32.load", "f32.store", "f32.add", 4},
                                 {"v128", "v128.load", "v128.store", "i32x4.add", 16}};

struct Shape {
  const Element& element;
  Body body;
  End end;
  unsigned unroll;
  bool down;
  std::string name() const {
    return "f" + std::to_string(&element - kElements) + "_" + std::to_string(static_cast<int>(body)) + "_" +
           std::to_string(static_cast<int>(end)) + "_" + std::to_string(unroll) + (down ? "d" : "u");
  }
};

std::string at(const char* pointer, int64_t offset) {
  return "(i32.add (local.get $" + std::string(pointer) + ") (i32.const " + std::to_string(offset) + "))";
}

/// (param a b n) (result i64): both pointers move; the sum's bits, or where `a` came to stand.
std::string function_text(const Shape& shape) {
  const Element& e = shape.element;
  const std::string type = e.type;
  const int64_t size = shape.down ? -int64_t{e.size} : int64_t{e.size};
  const int64_t step = size * shape.unroll;
  const auto load = [&](const char* pointer, int64_t offset) {
    return "(" + std::string(e.load) + " " + at(pointer, offset) + ")";
  };
  const auto sum = [&](const std::string& x, const std::string& y) {
    return "(" + std::string(e.add) + " " + x + " " + y + ")";
  };
  std::string text = "(func (export \"" + shape.name() +
                     "\") (param $a i32) (param $b i32) (param $n i32) (result i64)" + "(local $end i32) (local $s " +
                     type + ")" + "(local.set $end (i32.add (local.get $a) (i32.mul (local.get $n) (i32.const " +
                     std::to_string(step) + "))))" + "(block (br_if 0 (i32.eqz (local.get $n))) (loop ";
  for (unsigned u = 0; u < shape.unroll; ++u) {
    const int64_t offset = size * u;
    const auto store = [&](const std::string& value) {
      text += "(" + std::string(e.store) + " " + at("b", offset) + " " + value + ")";
    };
    switch (shape.body) {
      case Body::kCopy:
        store(load("a", offset));
        break;
      case Body::kAdd:
        store(sum(load("b", offset), load("a", offset)));
        break;
      case Body::kSum:
        text += "(local.set $s " + sum("(local.get $s)", load("a", offset)) + ")";
        break;
      case Body::kNeighbours:  // what was loaded last is carried on
        text += "(local.set $s " + load("a", offset + size) + ")";
        store(sum(load("a", offset), "(local.get $s)"));
        break;
      case Body::kScale:  // the same place each time
        store(sum(load("b", offset), "(" + std::string(e.load) + " (i32.const 4096))"));
        break;
    }
  }
  text += "(local.set $a " + at("a", step) + ") (local.set $b " + at("b", step) + ")";
  switch (shape.end) {
    case End::kCounter:
      text += "(br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))";
      break;
    case End::kNotEqual:
      text += "(br_if 0 (i32.ne (local.get $a) (local.get $end)))";
      break;
    case End::kUnsigned:
      text += std::string("(br_if 0 (i32.") + (shape.down ? "gt_u" : "lt_u") + " (local.get $a) (local.get $end)))";
      break;
    case End::kSigned:
      text += std::string("(br_if 0 (i32.") + (shape.down ? "gt_s" : "lt_s") + " (local.get $a) (local.get $end)))";
      break;
  }
  text += "))";
  if (shape.body != Body::kSum) return text + "(i64.extend_i32_u (local.get $a)))";
  if (type == "i32") return text + "(i64.extend_i32_u (local.get $s)))";
  if (type == "f32") return text + "(i64.extend_i32_u (i32.reinterpret_f32 (local.get $s))))";
  if (type == "f64") return text + "(i64.reinterpret_f64 (local.get $s)))";
  return text + "(i64x2.extract_lane 0 (local.get $s)))";
}

std::vector<Shape> all_shapes() {
  std::vector<Shape> shapes;
  for (const Element& element : kElements) {
    for (Body body : {Body::kCopy, Body::kAdd, Body::kSum, Body::kNeighbours, Body::kScale}) {
      for (unsigned unroll : {1u, 2u, 5u}) {
        for (bool down : {false, true}) {
          // One way to end each, so that there are not too many; all come with all bodies.
          const auto end = static_cast<End>((shapes.size() / 3 + unroll) % 4);
          shapes.push_back({element, body, end, unroll, down});
        }
      }
    }
  }
  return shapes;
}

/// What memory holds before each call: no part of it is a NaN, whose bits may differ.
std::span<const uint8_t> pattern() {
  static const std::vector<uint8_t> bytes = [] {
    std::vector<uint8_t> bytes(kBytes);
    for (uint32_t i = 0; i < kBytes; ++i) bytes[i] = static_cast<uint8_t>((i * 2654435761u) >> 27);
    return bytes;
  }();
  return bytes;
}

/// A tier with an instance of the module.
class Tier {
 public:
  Tier(TierKind kind, BoundsStrategy bounds, const std::string& text) : engine_(config(kind, bounds)) {
    auto module = Module::from_wat(engine_, text);
    EXPECT_TRUE(module.has_value()) << module.error().message;
    auto instance = Linker(engine_).instantiate(store_, *module);
    EXPECT_TRUE(instance.has_value()) << instance.error().message;
    instance_.emplace(*instance);
  }

  std::string run(const std::string& name, uint32_t a, uint32_t b, uint32_t n) {
    const std::span<uint8_t> memory = instance_->memory("m")->data();
    std::ranges::copy(pattern(), memory.begin());
    const Value arguments[] = {Value(static_cast<int32_t>(a)), Value(static_cast<int32_t>(b)),
                               Value(static_cast<int32_t>(n))};
    const auto results = instance_->func(name)->call(arguments);
    return results.has_value() ? results->front().to_string() : std::string(message(results.error().kind));
  }
  std::span<const uint8_t> memory() const { return instance_->memory("m")->data(); }

 private:
  static Config config(TierKind kind, BoundsStrategy bounds) {
    Config config;
    config.tier = kind;
    config.bounds = bounds;
    return config;
  }
  Engine engine_;
  Store store_{engine_};
  std::optional<Instance> instance_;
};

void compare(BoundsStrategy bounds) {
  const std::vector<Shape> shapes = all_shapes();
  std::string text = "(module (memory (export \"m\") 2 2)";
  for (const Shape& shape : shapes) text += function_text(shape);
  text += ")";
  Tier interpreted(TierKind::kInterpreter, bounds, text);
  Tier compiled(TierKind::kLlvm, bounds, text);
  const uint32_t starts[][2] = {
      {512, 40000},      {512, 512},           {512, 516},           {520, 512},      {512, 544},
      {3, 70001},        {kBytes - 400, 1024}, {1024, kBytes - 400}, {kBytes - 8, 0}, {0, kBytes - 4},
      {0xFFFFFFF0, 512}, {512, 0xFFFFFFFF},    {0xFFFFFFF0, 0},      {40, 80},        {80, 40},
      {0x7FFFFFF0, 64}};
  for (const Shape& shape : shapes) {
    // What is checked is not versioned.
    if (bounds == BoundsStrategy::kChecks && shape.unroll != 2) continue;
    for (const auto& [a, b] : starts) {
      for (uint32_t n : {0u, 1u, 2u, 7u, 33u, 100u, 0x10000000u}) {
        const std::string expected = interpreted.run(shape.name(), a, b, n);
        ASSERT_EQ(expected, compiled.run(shape.name(), a, b, n)) << shape.name() << " " << a << " " << b << " " << n;
        ASSERT_TRUE(std::ranges::equal(interpreted.memory(), compiled.memory()))
            << shape.name() << " " << a << " " << b << " " << n;
      }
    }
  }
}

TEST(Loops, AgreeWithGuards) { compare(BoundsStrategy::kGuard); }
TEST(Loops, AgreeWithChecks) { compare(BoundsStrategy::kChecks); }

}  // namespace
}  // namespace wherry
