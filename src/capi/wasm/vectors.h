// The vectors of wasm.h: owned arrays of plain elements, or of pointers to opaque ones.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "wasm.h"

namespace wherry::capi {

template <class Vec>
using Element = std::remove_reference_t<decltype(*Vec::data)>;

template <class Vec>
Vec make_vec(size_t size) {
  return {size, size == 0 ? nullptr : new Element<Vec>[size]()};
}

template <class Vec>
Vec make_vec(size_t size, const Element<Vec>* elements) {
  Vec vec = make_vec<Vec>(size);
  std::copy_n(elements, size, vec.data);
  return vec;
}

/// `copy(element)` gives an element that the new vector owns.
template <class Vec, class Copy>
Vec copy_vec(const Vec& from, Copy copy) {
  Vec vec = make_vec<Vec>(from.size);
  for (size_t i = 0; i < from.size; ++i) vec.data[i] = copy(from.data[i]);
  return vec;
}

/// `destroy(element)` frees an element.
template <class Vec, class Destroy>
void delete_vec(Vec& vec, Destroy destroy) {
  for (size_t i = 0; i < vec.size; ++i) destroy(vec.data[i]);
  delete[] vec.data;
  vec = {0, nullptr};
}

}  // namespace wherry::capi

/// Defines the five functions of wasm_X_vec_t.
#define WHERRY_DEFINE_VECTOR(X, element, copy, destroy)                                   \
  void wasm_##X##_vec_new_empty(wasm_##X##_vec_t* out) { *out = {0, nullptr}; }           \
  void wasm_##X##_vec_new_uninitialized(wasm_##X##_vec_t* out, size_t size) {             \
    *out = wherry::capi::make_vec<wasm_##X##_vec_t>(size);                                \
  }                                                                                       \
  void wasm_##X##_vec_new(wasm_##X##_vec_t* out, size_t size, element const elements[]) { \
    *out = wherry::capi::make_vec<wasm_##X##_vec_t>(size, elements);                      \
  }                                                                                       \
  void wasm_##X##_vec_copy(wasm_##X##_vec_t* out, const wasm_##X##_vec_t* from) {         \
    *out = wherry::capi::copy_vec(*from, copy);                                           \
  }                                                                                       \
  void wasm_##X##_vec_delete(wasm_##X##_vec_t* vec) {                                     \
    if (vec != nullptr) wherry::capi::delete_vec(*vec, destroy);                          \
  }
