#include "runtime/gc_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "world.h"

namespace wherry::runtime {
namespace {

using testing::resident_bytes;
using testing::World;

constexpr uint64_t kMiB = uint64_t{1} << 20;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#endif

constexpr std::string_view kTypes = R"((module
  (type $node (struct (field (mut i64)) (field (mut anyref))))
  (type $pair (struct (field (mut anyref)) (field (mut externref)) (field (mut i32))))
  (type $refs (array (mut anyref)))
  (type $bytes (array (mut i8)))
  (tag $tag (param i32 anyref v128 externref))))";

struct Node : GcStruct {
  int64_t value;
  Ref next;
};

class Gc : public ::testing::Test {
 protected:
  explicit Gc(uint64_t limit = 64 * kMiB) : world(config(limit)) {
    instance = world.make(kTypes);
    context = instance->context();
  }
  static Config config(uint64_t limit) {
    Config c;
    c.max_gc_heap_bytes = limit;
    return c;
  }
  GcHeap& heap() { return world.store.heap(); }
  TypeId type(uint32_t index) { return context->types[index]; }
  std::vector<Slot>& stack() { return world.tier->stack; }

  /// 0 if there is no room.
  Ref node(int64_t value, Ref next) {
    const Slot fields[] = {static_cast<Slot>(value), next};
    Ref ref = 0;
    trap = ops::struct_new(context, type(0), fields, &ref);
    return trap == TrapKind::kNone ? ref : 0;
  }
  Ref pair(Ref any, Ref external) {
    const Slot fields[] = {any, external, 0};
    Ref ref = 0;
    EXPECT_EQ(ops::struct_new(context, type(1), fields, &ref), TrapKind::kNone);
    return ref;
  }
  Ref array(uint32_t type_index, uint32_t length) {
    Ref ref = 0;
    trap = ops::array_new(context, type(type_index), nullptr, length, &ref);
    return trap == TrapKind::kNone ? ref : 0;
  }
  Ref external(uint64_t value) {
    auto* object = static_cast<GcExtern*>(heap().allocate(GcKind::kExtern, 0, sizeof(GcExtern)));
    object->value = value;
    object->flags = GcHeap::kFinalizeFlag;
    return reinterpret_cast<Ref>(object);
  }
  static Node& as_node(Ref ref) { return *static_cast<Node*>(gc_object(ref)); }
  static Ref* elements(Ref ref) { return reinterpret_cast<Ref*>(static_cast<GcArray*>(gc_object(ref))->payload()); }

  World world;
  Instance* instance = nullptr;
  VMContext* context = nullptr;
  TrapKind trap = TrapKind::kNone;
};

uint64_t finalized_sum = 0;
uint32_t finalized_count = 0;
void count_finalized(uint64_t value) {
  finalized_sum += value;
  ++finalized_count;
}
void reset_finalized() { finalized_sum = finalized_count = 0; }

class SmallGc : public Gc {
 protected:
  SmallGc() : Gc(4 * kMiB) {}
};

TEST_F(SmallGc, ChurnOfListsStaysWithinTheLimit) {
  const uint64_t before = resident_bytes();
  stack().assign(1, 0);
  // 10,000 live nodes in a sliding list, 2 million made: 48 MB through 4.
  for (int round = 0; round < 200; ++round) {
    Ref list = 0;
    for (int i = 0; i < 10'000; ++i) {
      list = node(i, list);
      ASSERT_NE(list, 0u) << message(trap);
      stack()[0] = list;
    }
    int64_t expected = 9'999;
    for (Ref at = list; at != 0; at = as_node(at).next) ASSERT_EQ(as_node(at).value, expected--);
    ASSERT_EQ(expected, -1);
    ASSERT_LE(heap().used_bytes(), 4 * kMiB);
  }
  EXPECT_GE(heap().collections(), 10u);
  if (!kSanitized) {
    EXPECT_LT(resident_bytes(), before + 8 * kMiB);
  }
}

TEST_F(SmallGc, FullHeapTrapsAndRecovers) {
  stack().assign(1, 0);
  uint64_t made = 0;
  while (Ref ref = node(1, stack()[0])) {
    stack()[0] = ref;
    ++made;
  }
  EXPECT_EQ(trap, TrapKind::kOutOfGcHeap);
  EXPECT_GT(made * sizeof(Node), 3 * kMiB);
  EXPECT_LE(heap().used_bytes(), 4 * kMiB);
  EXPECT_LT(heap().collections(), 200u);
  EXPECT_EQ(array(3, 8 << 20), 0u);
  EXPECT_EQ(trap, TrapKind::kOutOfGcHeap);
  stack()[0] = 0;
  EXPECT_NE(node(1, 0), 0u);
  EXPECT_NE(array(3, 3 << 20), 0u);
}

TEST_F(SmallGc, MixedSizesReuseEachOthersPages) {
  stack().assign(1, 0);
  for (uint32_t size = 8; size < 200'000; size += size / 2) {
    for (uint64_t bytes = 0; bytes < 8 * kMiB; bytes += size) {
      const Ref ref = array(3, size);
      ASSERT_NE(ref, 0u) << size;
      stack()[0] = ref;
    }
  }
}

TEST_F(Gc, CyclesAreFreed) {
  reset_finalized();
  heap().set_finalizer(count_finalized);
  for (uint64_t i = 1; i <= 1000; ++i) {
    const Ref token = external(i);
    stack().assign({token});
    const Ref a = pair(0, token);
    stack().push_back(a);
    const Ref b = node(0, a);
    std::memcpy(static_cast<GcStruct*>(gc_object(a))->payload(), &b, sizeof(b));
  }
  stack().clear();
  heap().collect();
  heap().collect();
  EXPECT_EQ(finalized_count, 1000u);
  EXPECT_EQ(finalized_sum, 500'500u);
}

TEST_F(Gc, FinalizersRunOnceAndAtTheEnd) {
  reset_finalized();
  {
    World other;
    other.store.heap().set_finalizer(count_finalized);
    for (uint64_t i = 0; i < 10; ++i) {
      auto* object = static_cast<GcExtern*>(other.store.heap().allocate(GcKind::kExtern, 0, sizeof(GcExtern)));
      object->value = i;
      object->flags = i % 2 == 0 ? GcHeap::kFinalizeFlag : uint16_t{0};
      if (i == 4) other.tier->stack.push_back(reinterpret_cast<Ref>(object));
    }
    other.store.heap().collect();
    other.store.heap().collect();
    EXPECT_EQ(finalized_count, 4u);
  }
  EXPECT_EQ(finalized_count, 5u);
}

TEST_F(Gc, DeepListsNeedNoNativeStack) {
  stack().assign(1, 0);
  for (int64_t i = 0; i < 1'000'000; ++i) stack()[0] = node(i, stack()[0]);
  heap().collect();
  int64_t expected = 999'999;
  for (Ref at = stack()[0]; at != 0; at = as_node(at).next) ASSERT_EQ(as_node(at).value, expected--);
  EXPECT_EQ(expected, -1);
  const uint64_t used = heap().used_bytes();
  EXPECT_GT(used, 22 * kMiB);
  stack()[0] = 0;
  heap().collect();
  heap().collect();
  EXPECT_LT(heap().used_bytes(), kMiB);
}

TEST_F(Gc, WideArraysOverflowTheMarkStackAndAreStillMarked) {
  constexpr uint32_t kCount = 300'000;
  const Ref wide = array(2, kCount);
  stack().assign({wide});
  for (uint32_t i = 0; i < kCount; ++i) {
    const Ref leaf = node(i, 0);
    stack().push_back(leaf);
    elements(wide)[i] = node(-int64_t{i}, leaf);
    stack().pop_back();
  }
  heap().collect();
  heap().collect();  // Sweeps what the first found dead.
  for (uint32_t i = 0; i < kCount; ++i) {
    const Ref ref = elements(wide)[i];
    ASSERT_TRUE(heap().is_object(ref));
    ASSERT_EQ(as_node(ref).value, -int64_t{i});
    ASSERT_TRUE(heap().is_object(as_node(ref).next));
    ASSERT_EQ(as_node(as_node(ref).next).value, int64_t{i});
  }
}

TEST_F(Gc, LargeObjectsAreGivenBack) {
  const uint64_t before = resident_bytes();
  for (int i = 0; i < 40; ++i) {
    const Ref ref = array(3, 30 << 20);
    ASSERT_NE(ref, 0u) << i;
    stack().assign({ref});
  }
  stack().clear();
  heap().collect();
  EXPECT_EQ(heap().used_bytes() / kMiB, 0u);
  if (!kSanitized) {
    EXPECT_LT(resident_bytes(), before + 8 * kMiB);
  }
}

TEST_F(Gc, AnyWordMayBeAskedAbout) {
  std::mt19937_64 random(1);
  const Ref small = node(1, 0);
  const Ref large = array(3, 100'000);
  EXPECT_TRUE(heap().is_object(small));
  EXPECT_TRUE(heap().is_object(large));
  for (uint64_t offset = 1; offset < 24; ++offset) EXPECT_FALSE(heap().is_object(small + offset)) << offset;
  EXPECT_FALSE(heap().is_object(small + 24)) << "a free cell";
  for (uint64_t offset = 8; offset < 100'000; offset += 8) EXPECT_FALSE(heap().is_object(large + offset));
  for (int i = 0; i < 1'000'000; ++i) {
    stack().assign({random(), small + random() % 65536, small ^ (uint64_t{1} << random() % 64)});
    for (const Slot slot : stack()) static_cast<void>(heap().is_object(slot));
  }
  stack().assign({0, ~uint64_t{0}, 1, small + 24, small - 8, large - 8});
  heap().collect();
  heap().collect();
  EXPECT_FALSE(heap().is_object(small));
  EXPECT_FALSE(heap().is_object(large));
}

TEST_F(Gc, AnAddressWithinAnObjectKeepsIt) {
  const Ref small = node(1, 0);
  const Ref large = array(3, 100'000);
  stack().assign({small + 23, large + 99'999});
  heap().collect();
  heap().collect();
  EXPECT_TRUE(heap().is_object(small));
  EXPECT_TRUE(heap().is_object(large));
}

TEST_F(Gc, RootsOfEveryKindKeepTheirObjects) {
  constexpr std::string_view kRoots = R"((module
    (type $node (struct (field (mut i64)) (field (mut anyref))))
    (global $g (mut anyref) (struct.new $node (i64.const 1) (ref.null any)))
    (table $t 3 anyref (struct.new $node (i64.const 2) (ref.null any)))
    (elem $e anyref (item (struct.new $node (i64.const 3) (ref.null any))) (item (ref.i31 (i32.const 5))))
    (export "g" (global $g)) (export "t" (table $t))))";
  Instance* roots = world.make(kRoots);
  const Ref in_global = *roots->context()->globals[0];
  const Ref in_table = roots->table(0)->view()->elements[2];
  const Ref in_segment = roots->element(0, 0);
  EXPECT_EQ(roots->element(0, 1), i31_ref(5));
  const Ref thrown = node(4, 0);
  const Slot args[] = {7, thrown, 0x11, 0x22, 0};
  Ref exception = 0;
  ASSERT_EQ(ops::exception_new(context, 0, args, &exception), TrapKind::kNone);
  world.store.exec().exception = exception;
  const Ref host = node(5, 0);
  world.store.new_global({ValType::ref(HeapType::kAny, true), true}, &host);
  for (int i = 0; i < 3; ++i) {
    heap().collect();
    while (heap().used_bytes() < kMiB && node(0, 0) != 0 && array(3, 5000) != 0) {
    }
  }
  EXPECT_EQ(as_node(in_global).value, 1);
  EXPECT_EQ(as_node(in_table).value, 2);
  EXPECT_EQ(as_node(in_segment).value, 3);
  EXPECT_EQ(as_node(thrown).value, 4);
  EXPECT_EQ(as_node(host).value, 5);
  EXPECT_TRUE(ops::exception_has_tag(context, exception, 0));
  const Slot* kept = static_cast<GcException*>(gc_object(exception))->args();
  EXPECT_TRUE(std::equal(args, args + 5, kept));

  // Dropped, they go.
  ops::elem_drop(roots->context(), 0);
  world.store.exec().exception = 0;
  heap().collect();
  heap().collect();
  EXPECT_TRUE(heap().is_object(in_table));
  EXPECT_FALSE(heap().is_object(in_segment));
  EXPECT_FALSE(heap().is_object(thrown));
}

/// Random graphs against a model of them: what is reachable keeps its contents, and the rest is freed in the end.
TEST_F(SmallGc, RandomGraphs) {
  struct Model {
    uint64_t id;
    std::vector<int> out;  // Indices into `objects`, or -1.
    Ref ref;
  };
  std::mt19937_64 random(42);
  std::vector<Model> objects;
  std::vector<int> roots(8, -1);
  const auto sync_roots = [&] {
    stack().clear();
    for (const int root : roots) stack().push_back(root < 0 ? 0 : objects[static_cast<size_t>(root)].ref);
  };
  const auto reachable = [&] {
    std::vector<bool> seen(objects.size());
    std::vector<int> work;
    for (const int root : roots) work.push_back(root);
    while (!work.empty()) {
      const int at = work.back();
      work.pop_back();
      if (at < 0 || seen[static_cast<size_t>(at)]) continue;
      seen[static_cast<size_t>(at)] = true;
      for (const int next : objects[static_cast<size_t>(at)].out) work.push_back(next);
    }
    return seen;
  };
  for (int round = 0; round < 60; ++round) {
    for (int step = 0; step < 300; ++step) {
      // An array whose first element is an i31 with its id, the others point to live objects.
      const std::vector<bool> live = step % 50 == 0 ? reachable() : std::vector<bool>();
      std::vector<int> candidates{-1};
      for (const int root : roots) {
        if (root < 0) continue;
        candidates.push_back(root);
        for (const int next : objects[static_cast<size_t>(root)].out) candidates.push_back(next);
      }
      const auto length = static_cast<uint32_t>(1 + (random() % 8 == 0 ? random() % 2000 : random() % 12));
      const Ref ref = array(2, length);
      ASSERT_NE(ref, 0u) << message(trap);
      Model made{.id = objects.size() % 100'000, .out = {}, .ref = ref};
      elements(ref)[0] = i31_ref(static_cast<uint32_t>(made.id));
      for (uint32_t i = 1; i < length; ++i) {
        const int target = candidates[random() % candidates.size()];
        made.out.push_back(target);
        elements(ref)[i] = target < 0 ? 0 : objects[static_cast<size_t>(target)].ref;
      }
      objects.push_back(std::move(made));
      roots[random() % roots.size()] = static_cast<int>(objects.size()) - 1;
      if (random() % 4 == 0) roots[random() % roots.size()] = -1;
      // Mutate something reachable.
      const int changed = roots[random() % roots.size()];
      if (changed >= 0 && !objects[static_cast<size_t>(changed)].out.empty()) {
        Model& model = objects[static_cast<size_t>(changed)];
        const size_t slot = random() % model.out.size();
        const int target = roots[random() % roots.size()];
        model.out[slot] = target;
        elements(model.ref)[slot + 1] = target < 0 ? 0 : objects[static_cast<size_t>(target)].ref;
      }
      sync_roots();
    }
    if (round % 5 == 0) roots.assign(roots.size(), -1), sync_roots();
    if (round % 3 == 0) heap().collect();
    const std::vector<bool> live = reachable();
    for (size_t i = 0; i < objects.size(); ++i) {
      if (!live[i]) continue;
      const Model& model = objects[i];
      ASSERT_TRUE(heap().is_object(model.ref));
      ASSERT_EQ(static_cast<GcArray*>(gc_object(model.ref))->length, model.out.size() + 1);
      ASSERT_EQ(elements(model.ref)[0], i31_ref(static_cast<uint32_t>(model.id)));
      for (size_t k = 0; k < model.out.size(); ++k) {
        const int target = model.out[k];
        ASSERT_EQ(elements(model.ref)[k + 1], target < 0 ? 0 : objects[static_cast<size_t>(target)].ref);
      }
    }
  }
  roots.assign(roots.size(), -1);
  sync_roots();
  heap().collect();
  heap().collect();
  EXPECT_EQ(heap().used_bytes(), 0u);
}

TEST_F(Gc, HeldCollectionsWait) {
  heap().hold();
  const Ref first = node(1, 0);
  while (heap().used_bytes() < 8 * kMiB) ASSERT_NE(node(2, 0), 0u);
  EXPECT_EQ(heap().collections(), 0u);
  EXPECT_TRUE(heap().is_object(first));
  heap().unhold();
  for (int i = 0; i < 100'000; ++i) ASSERT_NE(node(3, 0), 0u);
  EXPECT_GT(heap().collections(), 0u);
}

TEST_F(Gc, ArgumentsOfAnAllocationAreRoots) {
  // `next` is only in the argument array when the allocation collects.
  Ref list = 0;
  for (int i = 0; i < 200'000; ++i) {
    stack().assign({list});
    Ref fresh = node(1'000'000 + i, 0);
    if (i % 1000 == 0) {
      const Slot value = fresh;
      Ref made = 0;
      heap().collect({&value, 1});
      ASSERT_EQ(ops::array_new(context, type(2), &value, 10, &made), TrapKind::kNone);
      ASSERT_EQ(as_node(elements(made)[9]).value, 1'000'000 + i);
      list = i % 10'000 == 0 ? 0 : made;
    }
  }
}

TEST_F(Gc, SpeedOfAllocation) {
  constexpr int kCount = 2'000'000;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kCount; ++i) node(i, 0);
  const auto spent = std::chrono::steady_clock::now() - start;
  RecordProperty("nanoseconds", std::to_string(std::chrono::duration<double, std::nano>(spent).count() / kCount));
  EXPECT_GT(heap().collections(), 10u);
}

}  // namespace
}  // namespace wherry::runtime
