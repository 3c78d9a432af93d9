// References that the host holds. A Ref is a rooted handle: while one exists, the collector keeps the object. Copies
// are cheap (a count). Like the store they come from, Refs belong to one thread at a time; they may outlive the store,
// and are then good for nothing but destruction.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "wherry/result.h"
#include "wherry/types.h"

namespace [[gnu::visibility("default")]] wherry {

class StoreRef;
class Tag;
class Value;

namespace detail {

class StoreState;
struct RootSet;

/// A word that the collector of a store treats as a root.
struct Root {
  uint64_t ref;
  uint32_t handles;
  RootSet* owner;  ///< Null: no store (any more); the last handle deletes it.
  Root* next_free;
};
struct RootSet {
  Root* free = nullptr;
};

/// A counted pointer to a Root; null for a null reference.
class RootHandle {
 public:
  RootHandle() = default;
  explicit RootHandle(Root* root) : root_(root) {
    if (root_ != nullptr) ++root_->handles;
  }
  RootHandle(const RootHandle& other) : RootHandle(other.root_) {}
  RootHandle(RootHandle&& other) noexcept : root_(std::exchange(other.root_, nullptr)) {}
  RootHandle& operator=(RootHandle other) noexcept {
    std::swap(root_, other.root_);
    return *this;
  }
  ~RootHandle() {
    if (root_ == nullptr || --root_->handles != 0) return;
    if (root_->owner == nullptr) {
      delete root_;
    } else {
      root_->ref = 0;
      root_->next_free = std::exchange(root_->owner->free, root_);
    }
  }
  uint64_t ref() const { return root_ == nullptr ? 0 : root_->ref; }
  const RootSet* owner() const { return root_ == nullptr ? nullptr : root_->owner; }

 private:
  Root* root_ = nullptr;
};

/// One address for each type, to tell types apart without RTTI.
template <class T>
inline char type_key = 0;

/// A C++ object that an externref owns; deleted when the collector frees the reference.
struct HostObject {
  const char* key;
  void (*destroy)(HostObject*);
};
template <class T>
struct TypedHostObject : HostObject {
  T value;
  template <class... Args>
  explicit TypedHostObject(Args&&... args)
      : HostObject{&type_key<T>, [](HostObject* self) { delete static_cast<TypedHostObject*>(self); }},
        value(std::forward<Args>(args)...) {}
};

}  // namespace detail

/// A reference of any type but a function (those are Func), possibly null.
class Ref {
 public:
  Ref() = default;
  /// Roots a raw reference, as found in a Slot.
  static Ref from_raw(StoreRef store, uint64_t raw);

  bool is_null() const { return raw() == 0; }
  explicit operator bool() const { return !is_null(); }
  /// Identity, as ref.eq has it.
  bool operator==(const Ref& other) const { return raw() == other.raw(); }
  /// The reference as Slots carry it. It does not keep the object alive.
  uint64_t raw() const { return root_.ref(); }

  /// For Wherry's own rooms: whose this is; null if nobody's.
  const detail::RootSet* root_owner() const { return root_.owner(); }

 protected:
  explicit Ref(detail::RootHandle root) : root_(std::move(root)) {}

 private:
  friend class detail::StoreState;
  detail::RootHandle root_;
};

/// A reference of the extern hierarchy.
class ExternRef : public Ref {
 public:
  ExternRef() = default;
  explicit ExternRef(Ref ref) : Ref(std::move(ref)) {}

  /// A reference to an opaque word of the host's. Error: kLimit, the heap is full.
  static Result<ExternRef> make(StoreRef store, uint64_t word);
  /// A reference that owns a C++ object of type T, destroyed by a collection after guest and host have let go of it, or
  /// with the store; its destructor must not use the store. Error: kLimit, the heap is full.
  template <class T, class... Args>
  static Result<ExternRef> make_owned(StoreRef store, Args&&... args);

  /// The word, if this was made from one.
  std::optional<uint64_t> word() const;
  /// The object, if this owns a T; else null. Valid as long as this reference.
  template <class T>
  T* get() const {
    detail::HostObject* object = host_object();
    return object != nullptr && object->key == &detail::type_key<T>
               ? &static_cast<detail::TypedHostObject<T>*>(object)->value
               : nullptr;
  }

 private:
  static Result<ExternRef> make_owned_object(StoreRef store, detail::HostObject* object);
  detail::HostObject* host_object() const;
};

/// A reference of the any hierarchy: an i31, a struct, an array, or an externalised host reference.
class AnyRef : public Ref {
 public:
  AnyRef() = default;
  explicit AnyRef(Ref ref) : Ref(std::move(ref)) {}
  /// The low 31 bits of `value`.
  static AnyRef i31(int32_t value);

  bool is_i31() const { return (raw() & 1) != 0; }
  /// Sign-extended from 31 bits. Only of an i31.
  int32_t i31_value() const { return static_cast<int32_t>(raw()) >> 1; }
  bool is_struct() const;
  bool is_array() const;
  /// The defined type of a struct or array.
  std::optional<TypeId> type() const;
  /// Number of fields of a struct, or elements of an array; else 0.
  uint32_t size(StoreRef store) const;
  /// A field or element; packed ones are zero-extended. Errors: kType (no aggregate), kNotFound (no such field or
  /// element).
  Result<Value> get(StoreRef store, uint32_t index) const;

 private:
  explicit AnyRef(detail::RootHandle root) : Ref(std::move(root)) {}
};

/// A reference to a thrown exception.
class ExnRef : public Ref {
 public:
  ExnRef() = default;
  explicit ExnRef(Ref ref) : Ref(std::move(ref)) {}
  /// A new exception. Errors: kType (arguments do not fit the tag), kLimit (the heap is full).
  static Result<ExnRef> make(StoreRef store, const Tag& tag, std::span<const Value> args);

  /// Null reference: has no tag.
  std::optional<Tag> tag(StoreRef store) const;
  std::vector<Value> args(StoreRef store) const;
};

}  // namespace wherry
