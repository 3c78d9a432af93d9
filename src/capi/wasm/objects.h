// The objects of wasm.h: references into a store, which they keep alive.
#pragma once

#include <memory>
#include <unordered_map>
#include <utility>

#include "wasm.h"
#include "wherry/wherry.h"

namespace wherry::capi {

/// A pointer of the embedder's, with what to do with it in the end. Move-only.
class HostInfo {
 public:
  HostInfo() = default;
  HostInfo(void* data, void (*finalizer)(void*)) : data_(data), finalizer_(finalizer) {}
  HostInfo(HostInfo&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), finalizer_(std::exchange(other.finalizer_, nullptr)) {}
  HostInfo& operator=(HostInfo&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(finalizer_, other.finalizer_);
    return *this;
  }
  ~HostInfo() {
    if (finalizer_ != nullptr) finalizer_(data_);
  }
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
  void (*finalizer_)(void*) = nullptr;
};

/// A store, shared by the embedder's handle to it and by all references into it.
struct SharedStore {
  explicit SharedStore(const Engine& e);
  Engine engine;
  Store store;
  /// By the address of the object.
  std::unordered_map<const void*, HostInfo> host_info;
  /// The last instance of each module.
  std::unordered_map<const wasm::Module*, Instance> instances;
};
using StorePtr = std::shared_ptr<SharedStore>;

enum class RefKind : uint8_t { kFunc, kTable, kMemory, kGlobal, kTag, kInstance, kModule, kTrap, kForeign };

}  // namespace wherry::capi

struct wasm_ref_t {
  wasm_ref_t(wherry::capi::RefKind k, wherry::capi::StorePtr s) : kind(k), store(std::move(s)) {}
  wasm_ref_t(const wasm_ref_t&) = default;
  wasm_ref_t& operator=(const wasm_ref_t&) = delete;
  virtual ~wasm_ref_t() = default;
  virtual wasm_ref_t* clone() const = 0;
  /// The address of what is referred to.
  virtual const void* identity() const = 0;
  /// Where the object's host info is kept; null where there is no place for it.
  virtual wherry::capi::HostInfo* host_info() { return &store->host_info[identity()]; }

  const wherry::capi::RefKind kind;
  /// Null in references that a guest holds (see Boxed), which would otherwise keep their own store alive.
  wherry::capi::StorePtr store;
};

struct wasm_extern_t : wasm_ref_t {
  wasm_extern_t(wherry::capi::StorePtr s, const wherry::Extern& i)
      : wasm_ref_t(static_cast<wherry::capi::RefKind>(wherry::kind(i)), std::move(s)), item(i) {}
  wasm_ref_t* clone() const override { return new wasm_extern_t(*this); }
  const void* identity() const override;
  wherry::Extern item;
};

// The kinds of externs; a tag is a plain wasm_extern_t.
struct wasm_func_t final : wasm_extern_t {
  static constexpr auto kKind = wherry::capi::RefKind::kFunc;
  using wasm_extern_t::wasm_extern_t;
  wasm_ref_t* clone() const override { return new wasm_func_t(*this); }
  wherry::Func get() const { return std::get<wherry::Func>(item); }
};
struct wasm_table_t final : wasm_extern_t {
  static constexpr auto kKind = wherry::capi::RefKind::kTable;
  using wasm_extern_t::wasm_extern_t;
  wasm_ref_t* clone() const override { return new wasm_table_t(*this); }
  wherry::Table get() const { return std::get<wherry::Table>(item); }
};
struct wasm_memory_t final : wasm_extern_t {
  static constexpr auto kKind = wherry::capi::RefKind::kMemory;
  using wasm_extern_t::wasm_extern_t;
  wasm_ref_t* clone() const override { return new wasm_memory_t(*this); }
  wherry::Memory get() const { return std::get<wherry::Memory>(item); }
};
struct wasm_global_t final : wasm_extern_t {
  static constexpr auto kKind = wherry::capi::RefKind::kGlobal;
  using wasm_extern_t::wasm_extern_t;
  wasm_ref_t* clone() const override { return new wasm_global_t(*this); }
  wherry::Global get() const { return std::get<wherry::Global>(item); }
};

struct wasm_instance_t final : wasm_ref_t {
  static constexpr auto kKind = wherry::capi::RefKind::kInstance;
  wasm_instance_t(wherry::capi::StorePtr s, const wherry::Instance& i) : wasm_ref_t(kKind, std::move(s)), instance(i) {}
  wasm_ref_t* clone() const override { return new wasm_instance_t(*this); }
  const void* identity() const override { return &instance.impl(); }
  wherry::Instance instance;
};

struct wasm_module_t final : wasm_ref_t {
  static constexpr auto kKind = wherry::capi::RefKind::kModule;
  wasm_module_t(wherry::capi::StorePtr s, wherry::Module m) : wasm_ref_t(kKind, std::move(s)), module(std::move(m)) {}
  wasm_ref_t* clone() const override { return new wasm_module_t(*this); }
  const void* identity() const override { return module.impl().get(); }
  wherry::Module module;
};

struct wasm_trap_t final : wasm_ref_t {
  static constexpr auto kKind = wherry::capi::RefKind::kTrap;
  struct Body {
    wherry::Trap trap;
    wherry::capi::HostInfo host_info;
  };
  wasm_trap_t(wherry::capi::StorePtr s, wherry::Trap trap)
      : wasm_ref_t(kKind, std::move(s)), body(new Body{std::move(trap), {}}) {}
  wasm_ref_t* clone() const override { return new wasm_trap_t(*this); }
  const void* identity() const override { return body.get(); }
  wherry::capi::HostInfo* host_info() override { return &body->host_info; }
  std::shared_ptr<Body> body;
};

/// An object of the host's; also any reference of the guest's that is not a function, which then has no host info.
struct wasm_foreign_t final : wasm_ref_t {
  static constexpr auto kKind = wherry::capi::RefKind::kForeign;
  wasm_foreign_t(wherry::capi::StorePtr s, wherry::Ref r) : wasm_ref_t(kKind, std::move(s)), ref(std::move(r)) {}
  wasm_ref_t* clone() const override { return new wasm_foreign_t(*this); }
  const void* identity() const override { return reinterpret_cast<const void*>(ref.raw()); }
  wherry::capi::HostInfo* host_info() override { return wherry::ExternRef(ref).get<wherry::capi::HostInfo>(); }
  wherry::Ref ref;
};

namespace wherry::capi {

/// A reference as a value of `type`, and back. In a guest, a reference that is neither a function nor foreign (an
/// instance, say) is an externref that owns a copy of it. None: not of the type, or of another store.
std::optional<Value> to_value(const StorePtr& store, const wasm_ref_t* ref, ValType type);
wasm_ref_t* to_ref(const StorePtr& store, const Value& value);

std::optional<Value> to_value(const StorePtr& store, const wasm_val_t& value, ValType type);
/// The caller owns the result.
wasm_val_t to_val(const StorePtr& store, const Value& value);

/// The reference as an object of its kind.
wasm_extern_t* to_extern(const StorePtr& store, const Extern& item);

}  // namespace wherry::capi
