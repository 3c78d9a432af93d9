#include "wasm/type_registry.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <mutex>
#include <unordered_map>

#include "wasm/binary_format.h"

namespace wherry::wasm {

namespace {

/// Arrays that live as long as the registry.
class Arena {
 public:
  template <class T>
  std::span<T> copy(std::span<const T> from) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) == 4 && sizeof(T) % 4 == 0);
    const size_t size = from.size() * sizeof(T);
    if (size == 0) return {};
    if (left_ < size) {
      left_ = std::max(size, kBlock);
      blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(left_));
      next_ = blocks_.back().get();
    }
    T* to = reinterpret_cast<T*>(next_);
    std::copy(from.begin(), from.end(), to);
    next_ += size;
    left_ -= size;
    return {to, from.size()};
  }

 private:
  static constexpr size_t kBlock = 8192;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* next_ = nullptr;
  size_t left_ = 0;
};

class Hasher {
 public:
  explicit Hasher(uint64_t seed) : hash_(seed) {}
  void add(uint64_t value) {
    hash_ = (std::rotl(hash_, 5) ^ value) * 0x9E3779B97F4A7C15;
    hash_ ^= hash_ >> 29;
  }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_;
};

/// `seed` differs between runs, so that nobody can make up groups that collide.
uint64_t hash_group(std::span<const SubType> group, uint64_t seed) {
  Hasher hash(seed);
  hash.add(group.size());
  for (const SubType& type : group) {
    hash.add(static_cast<uint64_t>(type.kind) << 1 | static_cast<uint64_t>(type.is_final));
    hash.add(type.super ? uint64_t{1} + *type.super : 0);
    hash.add(type.params.size());
    for (ValType t : type.params) hash.add(t.bits());
    hash.add(type.results.size());
    for (ValType t : type.results) hash.add(t.bits());
    hash.add(type.fields.size());
    for (FieldType f : type.fields) hash.add(uint64_t{f.type.bits()} << 1 | static_cast<uint64_t>(f.is_mutable));
  }
  return hash.value();
}

/// Turns references to members of a group into references to the types from `first` on.
TypeId resolve(TypeId id, TypeId first) {
  return id >= SubType::kGroupMember ? id - SubType::kGroupMember + first : id;
}
ValType resolve(ValType type, TypeId first) {
  if (!type.is_ref() || type.heap().is_abstract()) return type;
  return ValType::ref(HeapType::defined(resolve(type.heap().type_id(), first)), type.is_nullable());
}

/// Whether a group, as declared, is the registered one: an inner reference there must be an inner reference here.
class GroupComparison {
 public:
  GroupComparison(const TypeRegistry& registry, TypeId first, size_t size)
      : registry_(registry), first_(first), size_(size) {}

  bool equal(std::span<const SubType> group) const {
    if (registry_.get(first_).group_size != size_) return false;
    for (size_t i = 0; i < size_; ++i) {
      if (!equal(group[i], registry_.get(first_ + static_cast<TypeId>(i)))) return false;
    }
    return true;
  }

 private:
  bool equal(TypeId declared, TypeId registered) const {
    if (declared >= SubType::kGroupMember) return resolve(declared, first_) == registered;
    return declared == registered && (declared < first_ || declared - first_ >= size_);
  }
  bool equal(ValType declared, ValType registered) const {
    if (!declared.is_ref() || declared.heap().is_abstract()) return declared == registered;
    return registered.is_ref() && !registered.heap().is_abstract() &&
           declared.is_nullable() == registered.is_nullable() &&
           equal(declared.heap().type_id(), registered.heap().type_id());
  }
  bool equal(const SubType& declared, const TypeDef& registered) const {
    const auto same = [this](ValType a, ValType b) { return equal(a, b); };
    const auto same_field = [this](const FieldType& a, const FieldType& b) {
      return a.is_mutable == b.is_mutable && equal(a.type, b.type);
    };
    return declared.kind == registered.kind && declared.is_final == registered.is_final &&
           declared.super.has_value() == registered.super.has_value() &&
           (!declared.super || equal(*declared.super, *registered.super)) &&
           std::ranges::equal(declared.params, registered.params, same) &&
           std::ranges::equal(declared.results, registered.results, same) &&
           std::ranges::equal(declared.fields, registered.fields, same_field);
  }

  const TypeRegistry& registry_;
  TypeId first_;
  size_t size_;
};

}  // namespace

struct TypeRegistry::Impl {
  std::mutex mutex;  // of all below, and of what is added to chunks_
  TypeId next = 0;
  std::unordered_multimap<uint64_t, TypeId> groups;  // by hash_group, the first member
  Arena arena;

  void fill(TypeDef& def, const SubType& type, TypeId first, uint32_t group_size, const TypeRegistry& registry);
  void lay_out_fields(TypeDef& def);
};

TypeRegistry::TypeRegistry() : impl_(std::make_unique<Impl>()) {}
TypeRegistry::~TypeRegistry() {
  for (std::atomic<TypeDef*>& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
}

TypeDef& TypeRegistry::slot(TypeId id) {
  const uint32_t chunk = chunk_of(id);
  TypeDef* types = chunks_[chunk].load(std::memory_order_relaxed);
  if (types == nullptr) {
    types = new TypeDef[kFirstChunk << chunk];
    chunks_[chunk].store(types, std::memory_order_release);
  }
  return types[id - chunk_start(chunk)];
}

void TypeRegistry::Impl::lay_out_fields(TypeDef& def) {
  std::vector<uint32_t> offsets;
  offsets.reserve(def.fields.size());
  uint32_t next = 0;
  for (const FieldType& field : def.fields) {
    const uint32_t size = field.type.byte_size();
    const uint32_t align = std::min(size, 8u);
    next = (next + align - 1) & ~(align - 1);
    offsets.push_back(next);
    next += size;
    def.has_references |= field.type.is_ref();
  }
  def.field_offsets = arena.copy<uint32_t>(offsets);
  def.payload_size = (next + 7) & ~7u;
}

void TypeRegistry::Impl::fill(TypeDef& def, const SubType& type, TypeId first, uint32_t group_size,
                              const TypeRegistry& registry) {
  def.kind = type.kind;
  def.is_final = type.is_final;
  if (type.super) def.super = resolve(*type.super, first);
  def.group_first = first;
  def.group_size = group_size;

  std::vector<ValType> values(type.params);
  for (ValType& t : values) t = resolve(t, first);
  def.params = arena.copy<ValType>(values);
  for (ValType t : values) def.param_slots += t.slots();
  values = type.results;
  for (ValType& t : values) t = resolve(t, first);
  def.results = arena.copy<ValType>(values);
  for (ValType t : values) def.result_slots += t.slots();

  std::vector<FieldType> fields(type.fields);
  for (FieldType& f : fields) f.type = resolve(f.type, first);
  def.fields = arena.copy<FieldType>(fields);
  lay_out_fields(def);

  std::vector<TypeId> supers;
  if (def.super) {
    assert(*def.super < def.id);
    const TypeDef& super = registry.get(*def.super);
    supers.assign(super.supers.begin(), super.supers.end());
  }
  supers.push_back(def.id);
  def.supers = arena.copy<TypeId>(supers);
}

std::optional<TypeId> TypeRegistry::intern(std::span<const SubType> group, TypeId limit) {
  const uint64_t hash = hash_group(group, reinterpret_cast<uintptr_t>(this));
  const std::scoped_lock lock(impl_->mutex);
  const auto [begin, end] = impl_->groups.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    if (GroupComparison(*this, it->second, group.size()).equal(group)) return it->second;
  }
  const TypeId first = impl_->next;
  if (first > limit || group.size() > limit - first) return std::nullopt;
  for (size_t i = 0; i < group.size(); ++i) {
    TypeDef& def = slot(first + static_cast<TypeId>(i));
    def = TypeDef{};
    def.id = first + static_cast<TypeId>(i);
    impl_->fill(def, group[i], first, static_cast<uint32_t>(group.size()), *this);
  }
  impl_->next = first + static_cast<TypeId>(group.size());
  impl_->groups.emplace(hash, first);
  return first;
}

Result<TypeId> TypeRegistry::intern(std::span<const SubType> group) {
  const std::optional<TypeId> id = intern(group, kMaxModuleTypes);
  if (!id) return fail(ErrorCode::kLimit, "too many types in one engine");
  return *id;
}

TypeId TypeRegistry::intern_func(std::span<const ValType> params, std::span<const ValType> results) {
  SubType type;
  type.params.assign(params.begin(), params.end());
  type.results.assign(results.begin(), results.end());
  const std::optional<TypeId> id = intern({&type, 1}, SubType::kGroupMember);
  assert(id);
  return *id;
}

HeapType top_of(HeapType heap, const TypeRegistry& types) {
  if (!heap.is_abstract())
    return types.get(heap.type_id()).kind == CompositeKind::kFunc ? HeapType::kFunc : HeapType::kAny;
  switch (heap.abstract()) {
    case HeapType::kFunc:
    case HeapType::kNoFunc:
      return HeapType::kFunc;
    case HeapType::kExtern:
    case HeapType::kNoExtern:
      return HeapType::kExtern;
    case HeapType::kExn:
    case HeapType::kNoExn:
      return HeapType::kExn;
    case HeapType::kAny:
    case HeapType::kEq:
    case HeapType::kI31:
    case HeapType::kStruct:
    case HeapType::kArray:
    case HeapType::kNone:
      return HeapType::kAny;
  }
  __builtin_unreachable();
}

HeapType bottom_of(HeapType heap, const TypeRegistry& types) {
  switch (top_of(heap, types).abstract()) {
    case HeapType::kFunc:
      return HeapType::kNoFunc;
    case HeapType::kExtern:
      return HeapType::kNoExtern;
    case HeapType::kExn:
      return HeapType::kNoExn;
    default:
      return HeapType::kNone;
  }
}

bool TypeRegistry::matches(HeapType sub, HeapType super) const {
  if (sub == super || sub == kBottomHeap) return true;
  if (!super.is_abstract()) {
    if (!sub.is_abstract()) return is_subtype(sub.type_id(), super.type_id());
    return sub == bottom_of(super, *this);
  }
  if (sub.is_abstract() && sub == bottom_of(super, *this)) return true;
  switch (super.abstract()) {
    case HeapType::kFunc:
    case HeapType::kExtern:
    case HeapType::kExn:
    case HeapType::kAny:
      return top_of(sub, *this) == super;
    case HeapType::kEq:
      if (!sub.is_abstract()) return get(sub.type_id()).kind != CompositeKind::kFunc;
      return sub == HeapType::kI31 || sub == HeapType::kStruct || sub == HeapType::kArray;
    case HeapType::kStruct:
      return !sub.is_abstract() && get(sub.type_id()).kind == CompositeKind::kStruct;
    case HeapType::kArray:
      return !sub.is_abstract() && get(sub.type_id()).kind == CompositeKind::kArray;
    default:
      return false;
  }
}

bool TypeRegistry::matches_slow(ValType sub, ValType super) const {
  if (sub == ValType::kBottom) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (sub.is_nullable() && !super.is_nullable()) return false;
  return matches(sub.heap(), super.heap());
}

std::string TypeRegistry::to_string(ValType t) const {
  switch (t.kind()) {
    case ValType::kBottom:
      return "anything";
    case ValType::kI32:
      return "i32";
    case ValType::kI64:
      return "i64";
    case ValType::kF32:
      return "f32";
    case ValType::kF64:
      return "f64";
    case ValType::kV128:
      return "v128";
    case ValType::kI8:
      return "i8";
    case ValType::kI16:
      return "i16";
    case ValType::kRef:
      break;
  }
  const HeapType heap = t.heap();
  if (heap == kBottomHeap) return "(ref bot)";
  if (heap.is_abstract() && t.is_nullable()) return std::string(info(heap.abstract()).ref_name);
  std::string name =
      heap.is_abstract() ? std::string(info(heap.abstract()).name) : "$" + std::to_string(heap.type_id());
  return (t.is_nullable() ? "(ref null " : "(ref ") + name + ")";
}

}  // namespace wherry::wasm
