// The descriptions of wasm.h: value types, extern types, import and export types.
#pragma once

#include <memory>
#include <optional>

#include "wasm.h"
#include "wherry/extern_type.h"
#include "wherry/module.h"

struct wasm_valtype_t {
  wasm_valkind_t kind;
};

struct wasm_externtype_t {
  explicit wasm_externtype_t(wasm_externkind_t k) : kind(k) {}
  virtual ~wasm_externtype_t() = default;
  virtual wasm_externtype_t* clone() const { return new wasm_externtype_t(kind); }
  const wasm_externkind_t kind;
};

struct wasm_functype_t final : wasm_externtype_t {
  static constexpr wasm_externkind_t kKind = WASM_EXTERN_FUNC;
  /// Takes over the elements.
  wasm_functype_t(wasm_valtype_vec_t p, wasm_valtype_vec_t r) : wasm_externtype_t(kKind), params(p), results(r) {}
  wasm_functype_t(const wasm_functype_t&) = delete;
  wasm_functype_t& operator=(const wasm_functype_t&) = delete;
  ~wasm_functype_t() override;
  wasm_externtype_t* clone() const override;
  wasm_valtype_vec_t params;
  wasm_valtype_vec_t results;
};

struct wasm_globaltype_t final : wasm_externtype_t {
  static constexpr wasm_externkind_t kKind = WASM_EXTERN_GLOBAL;
  wasm_globaltype_t(wasm_valtype_t c, wasm_mutability_t m) : wasm_externtype_t(kKind), content(c), mutability(m) {}
  wasm_externtype_t* clone() const override { return new wasm_globaltype_t(content, mutability); }
  wasm_valtype_t content;
  wasm_mutability_t mutability;
};

struct wasm_tabletype_t final : wasm_externtype_t {
  static constexpr wasm_externkind_t kKind = WASM_EXTERN_TABLE;
  wasm_tabletype_t(wasm_valtype_t e, wasm_limits_t l) : wasm_externtype_t(kKind), element(e), limits(l) {}
  wasm_externtype_t* clone() const override { return new wasm_tabletype_t(element, limits); }
  wasm_valtype_t element;
  wasm_limits_t limits;
};

struct wasm_memorytype_t final : wasm_externtype_t {
  static constexpr wasm_externkind_t kKind = WASM_EXTERN_MEMORY;
  explicit wasm_memorytype_t(wasm_limits_t l) : wasm_externtype_t(kKind), limits(l) {}
  wasm_externtype_t* clone() const override { return new wasm_memorytype_t(limits); }
  wasm_limits_t limits;
};

namespace wherry::capi {

/// From Wherry's types, as near as wasm.h can say it. The caller owns the result.
wasm_valkind_t kind_of(const Engine& engine, ValType type);
wasm_externtype_t* to_c(const Engine& engine, const ExternType& type);
wasm_importtype_t* to_c(const Engine& engine, const ImportType& type);
wasm_exporttype_t* to_c(const Engine& engine, const ExportType& type);

/// To Wherry's types; none for a kind that does not exist.
std::optional<ValType> from_c(wasm_valkind_t kind);
std::optional<FuncType> from_c(const wasm_functype_t& type);
Limits from_c(const wasm_limits_t& limits);

}  // namespace wherry::capi
