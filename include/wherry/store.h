// Store: the world that instances live in, with its heap, its limits and its clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "wherry/engine.h"
#include "wherry/ref.h"
#include "wherry/stats.h"

namespace [[gnu::visibility("default")]] wherry {

namespace detail {
class StoreState;
class InterruptState;

/// An object that the embedder keeps in a store.
struct StoreData {
  const char* key;
  void (*destroy)(StoreData*);
};
template <class T>
struct TypedStoreData : StoreData {
  T value;
  template <class... Args>
  explicit TypedStoreData(Args&&... args)
      : StoreData{&type_key<T>, [](StoreData* self) { delete static_cast<TypedStoreData*>(self); }},
        value(std::forward<Args>(args)...) {}
};
}  // namespace detail

/// Upper bounds of one store, where they differ from its engine's Config.
struct StoreLimits {
  std::optional<uint64_t> stack_bytes = {};
  std::optional<uint64_t> max_memory_bytes = {};        ///< Of one linear memory.
  std::optional<uint64_t> max_total_memory_bytes = {};  ///< Of all linear memories together, without shared ones.
  std::optional<uint64_t> max_table_elements = {};      ///< Of one table.
  std::optional<uint64_t> max_gc_heap_bytes = {};
  std::optional<uint64_t> max_instances = {};
};

struct GcStats {
  uint64_t heap_bytes = 0;   ///< In use: live objects, and garbage not yet found.
  uint64_t collections = 0;  ///< Since the store began.
};

/// Stops a store's running guest. A cheap handle that any thread may hold, copy and use; may outlive the store.
class InterruptHandle {
 public:
  /// The guest that runs now ends with the trap kInterrupted: at once if it is in its own code or waits (for input, for
  /// time to pass, for another thread), else as soon as the host function that it called returns. If none runs, the
  /// next call does. The store can be used again afterwards; what the guest was doing is left half done, as by any
  /// trap.
  void interrupt() const;

 private:
  friend class StoreRef;
  explicit InterruptHandle(std::shared_ptr<detail::InterruptState> state) : state_(std::move(state)) {}
  std::shared_ptr<detail::InterruptState> state_;
};

/// A store, not owned: what functions that need one take. Store and Caller convert to it.
class StoreRef {
 public:
  const Engine& engine() const;

  /// Fuel left, with Config::fuel; a guest that has used it up ends with the trap kOutOfFuel. At first 0.
  uint64_t fuel() const;
  void set_fuel(uint64_t fuel) const;

  /// How long one call from outside (with all calls it makes) may take, or none; then it ends with the trap kTimeLimit.
  /// Applies to calls that begin later.
  void set_time_limit(std::optional<std::chrono::nanoseconds> limit) const;
  InterruptHandle interrupt_handle() const;

  /// Frees all garbage now. Happens by itself as the heap grows.
  void collect() const;
  GcStats gc_stats() const;

  StoreStats stats() const;
  /// Whether stats() has times; at first it does not.
  void measure_time(bool measure) const;

  /// The embedder's own objects, one of each type, which host functions find again. The store owns them; they are
  /// destroyed with it, in reverse order. An object of the same type is replaced.
  template <class T, class... Args>
  T& emplace_data(Args&&... args) const {
    auto* data = new detail::TypedStoreData<T>(std::forward<Args>(args)...);
    put_data(data);
    return data->value;
  }
  /// Null if there is none.
  template <class T>
  T* find_data() const {
    detail::StoreData* data = get_data(&detail::type_key<T>);
    return data == nullptr ? nullptr : &static_cast<detail::TypedStoreData<T>*>(data)->value;
  }
  /// There must be one.
  template <class T>
  T& data() const {
    return *find_data<T>();
  }

  bool operator==(const StoreRef&) const = default;

  /// For Wherry's own rooms.
  explicit StoreRef(detail::StoreState& state) : state_(&state) {}
  detail::StoreState& state() const { return *state_; }

 protected:
  void put_data(detail::StoreData* data) const;
  detail::StoreData* get_data(const char* key) const;
  detail::StoreState* state_;
};

/// Owns a store and everything in it: instances, memories, functions, objects. The handles to them (Instance, Memory,
/// Func, ...) are plain pointers, valid until the Store is destroyed. One thread at a time may use a store and its
/// handles; different stores are independent. A host function must not destroy the store it was called from.
class Store : public StoreRef {
 public:
  explicit Store(const Engine& engine, const StoreLimits& limits = {});
  Store(Store&& other) noexcept : StoreRef(other), owned_(std::move(other.owned_)) {}
  Store& operator=(Store&& other) noexcept {
    owned_ = std::move(other.owned_);
    state_ = other.state_;
    return *this;
  }
  ~Store();

 private:
  struct Delete {
    void operator()(detail::StoreState* state) const;
  };
  std::unique_ptr<detail::StoreState, Delete> owned_;
};

template <class T, class... Args>
Result<ExternRef> ExternRef::make_owned(StoreRef store, Args&&... args) {
  return make_owned_object(store, new detail::TypedHostObject<T>(std::forward<Args>(args)...));
}

}  // namespace wherry
