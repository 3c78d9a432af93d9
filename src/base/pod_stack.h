// PodStack: a growable stack of plain values whose storage is left uninitialised and kept between uses. For hot loops
// that ensure room once and then push without a check.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>

namespace wherry::base {

template <class T>
class PodStack {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  T* begin() { return data(); }
  const T* begin() const { return data(); }
  T* end() { return top_; }
  const T* end() const { return top_; }
  size_t size() const { return static_cast<size_t>(top_ - data()); }
  size_t room() const { return static_cast<size_t>(limit_ - top_); }
  bool empty() const { return top_ == data(); }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }
  T& back() { return top_[-1]; }
  const T& back() const { return top_[-1]; }
  std::span<const T> span() const { return {data(), size()}; }

  /// Makes room for `n` more; moves the elements if it must.
  void ensure(size_t n) {
    if (room() < n) [[unlikely]]
      grow(n);
  }
  void push(const T& value) {
    ensure(1);
    *top_++ = value;
  }
  /// Only after ensure().
  void push_unchecked(const T& value) {
    assert(top_ != limit_);
    *top_++ = value;
  }
  void pop() { --top_; }
  void resize_down(size_t size) { top_ = data() + size; }
  void set_end(T* end) { top_ = end; }
  void clear() { top_ = data(); }

 private:
  T* data() const { return reinterpret_cast<T*>(storage_.get()); }
  [[gnu::cold, gnu::noinline]] void grow(size_t n) {
    const size_t used = size();
    const size_t capacity = std::max(std::max(2 * used, used + n), size_t{16});
    auto bigger = std::make_unique_for_overwrite<std::byte[]>(capacity * sizeof(T));
    if (used != 0) std::memcpy(bigger.get(), storage_.get(), used * sizeof(T));
    storage_ = std::move(bigger);
    top_ = data() + used;
    limit_ = data() + capacity;
  }

  std::unique_ptr<std::byte[]> storage_;  // bytes, so that no constructor touches what is not used
  T* top_ = nullptr;
  T* limit_ = nullptr;
};

}  // namespace wherry::base
