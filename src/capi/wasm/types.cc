#include "capi/wasm/types.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "capi/wasm/vectors.h"

struct wasm_importtype_t {
  wasm_name_t module;
  wasm_name_t name;
  std::unique_ptr<wasm_externtype_t> type;
  ~wasm_importtype_t() {
    wasm_name_delete(&module);
    wasm_name_delete(&name);
  }
};

struct wasm_exporttype_t {
  wasm_name_t name;
  std::unique_ptr<wasm_externtype_t> type;
  ~wasm_exporttype_t() { wasm_name_delete(&name); }
};

namespace wherry::capi {
namespace {

wasm_valtype_vec_t valtypes(const Engine& engine, const std::vector<ValType>& types) {
  auto vec = make_vec<wasm_valtype_vec_t>(types.size());
  std::ranges::transform(types, vec.data, [&](ValType type) { return new wasm_valtype_t{kind_of(engine, type)}; });
  return vec;
}

uint32_t clamp(uint64_t size) { return static_cast<uint32_t>(std::min<uint64_t>(size, wasm_limits_max_default)); }

wasm_limits_t limits(const Limits& limits) {
  return {clamp(limits.min), clamp(limits.max.value_or(wasm_limits_max_default))};
}

wasm_name_t name(std::string_view text) { return make_vec<wasm_name_t>(text.size(), text.data()); }

wasm_name_t copy(const wasm_name_t& name) { return make_vec<wasm_name_t>(name.size, name.data); }

std::optional<std::vector<ValType>> from_c(const wasm_valtype_vec_t& vec) {
  std::vector<ValType> types;
  types.reserve(vec.size);
  for (size_t i = 0; i < vec.size; ++i) {
    const std::optional<ValType> type = capi::from_c(vec.data[i]->kind);
    if (!type.has_value()) return std::nullopt;
    types.push_back(*type);
  }
  return types;
}

}  // namespace

wasm_valkind_t kind_of(const Engine& engine, ValType type) {
  switch (type.kind()) {
    case ValType::kI32:
      return WASM_I32;
    case ValType::kI64:
      return WASM_I64;
    case ValType::kF32:
      return WASM_F32;
    case ValType::kF64:
      return WASM_F64;
    case ValType::kV128:
      return WASM_V128;
    default:
      return engine.top(type) == ValType::funcref() ? WASM_FUNCREF : WASM_EXTERNREF;
  }
}

wasm_externtype_t* to_c(const Engine& engine, const ExternType& type) {
  struct Visitor {
    const Engine& engine;
    wasm_externtype_t* operator()(const FuncType& t) const {
      return new wasm_functype_t(valtypes(engine, t.params), valtypes(engine, t.results));
    }
    wasm_externtype_t* operator()(const TableType& t) const {
      return new wasm_tabletype_t({kind_of(engine, t.element)}, limits(t.limits));
    }
    wasm_externtype_t* operator()(const MemoryType& t) const { return new wasm_memorytype_t(limits(t.limits)); }
    wasm_externtype_t* operator()(const GlobalType& t) const {
      return new wasm_globaltype_t({kind_of(engine, t.type)}, t.is_mutable ? WASM_VAR : WASM_CONST);
    }
    wasm_externtype_t* operator()(const TagType&) const { return new wasm_externtype_t(WASM_EXTERN_TAG); }
  };
  return std::visit(Visitor{engine}, type);
}

wasm_importtype_t* to_c(const Engine& engine, const ImportType& type) {
  return new wasm_importtype_t{name(type.module), name(type.name),
                               std::unique_ptr<wasm_externtype_t>(to_c(engine, type.type))};
}

wasm_exporttype_t* to_c(const Engine& engine, const ExportType& type) {
  return new wasm_exporttype_t{name(type.name), std::unique_ptr<wasm_externtype_t>(to_c(engine, type.type))};
}

std::optional<ValType> from_c(wasm_valkind_t kind) {
  switch (kind) {
    case WASM_I32:
      return ValType::kI32;
    case WASM_I64:
      return ValType::kI64;
    case WASM_F32:
      return ValType::kF32;
    case WASM_F64:
      return ValType::kF64;
    case WASM_EXTERNREF:
      return ValType::externref();
    case WASM_FUNCREF:
      return ValType::funcref();
    default:
      return std::nullopt;
  }
}

std::optional<FuncType> from_c(const wasm_functype_t& type) {
  std::optional<std::vector<ValType>> params = from_c(type.params);
  std::optional<std::vector<ValType>> results = from_c(type.results);
  if (!params.has_value() || !results.has_value()) return std::nullopt;
  return FuncType{std::move(*params), std::move(*results)};
}

Limits from_c(const wasm_limits_t& limits) {
  return {limits.min,
          limits.max == wasm_limits_max_default ? std::nullopt : std::optional<uint64_t>(uint64_t{limits.max})};
}

}  // namespace wherry::capi

using namespace wherry::capi;

wasm_functype_t::~wasm_functype_t() {
  wasm_valtype_vec_delete(&params);
  wasm_valtype_vec_delete(&results);
}

wasm_externtype_t* wasm_functype_t::clone() const {
  return new wasm_functype_t(copy_vec(params, wasm_valtype_copy), copy_vec(results, wasm_valtype_copy));
}

WHERRY_DEFINE_VECTOR(byte, wasm_byte_t, [](wasm_byte_t byte) { return byte; }, [](wasm_byte_t) {})

// Every description can be copied, deleted and collected in vectors.
#define WHERRY_DEFINE_TYPE(X)                                 \
  void wasm_##X##_delete(wasm_##X##_t* type) { delete type; } \
  WHERRY_DEFINE_VECTOR(X, wasm_##X##_t*, wasm_##X##_copy, wasm_##X##_delete)
WHERRY_DEFINE_TYPE(valtype)
WHERRY_DEFINE_TYPE(externtype)
WHERRY_DEFINE_TYPE(importtype)
WHERRY_DEFINE_TYPE(exporttype)

#define WHERRY_DEFINE_EXTERN_TYPE(X)                                                                            \
  WHERRY_DEFINE_TYPE(X)                                                                                         \
  wasm_##X##_t* wasm_##X##_copy(const wasm_##X##_t* type) { return static_cast<wasm_##X##_t*>(type->clone()); } \
  wasm_externtype_t* wasm_##X##_as_externtype(wasm_##X##_t* type) { return type; }                              \
  const wasm_externtype_t* wasm_##X##_as_externtype_const(const wasm_##X##_t* type) { return type; }            \
  wasm_##X##_t* wasm_externtype_as_##X(wasm_externtype_t* type) {                                               \
    return type->kind == wasm_##X##_t::kKind ? static_cast<wasm_##X##_t*>(type) : nullptr;                      \
  }                                                                                                             \
  const wasm_##X##_t* wasm_externtype_as_##X##_const(const wasm_externtype_t* type) {                           \
    return type->kind == wasm_##X##_t::kKind ? static_cast<const wasm_##X##_t*>(type) : nullptr;                \
  }
WHERRY_DEFINE_EXTERN_TYPE(functype)
WHERRY_DEFINE_EXTERN_TYPE(globaltype)
WHERRY_DEFINE_EXTERN_TYPE(tabletype)
WHERRY_DEFINE_EXTERN_TYPE(memorytype)

wasm_valtype_t* wasm_valtype_new(wasm_valkind_t kind) { return new wasm_valtype_t{kind}; }
wasm_valtype_t* wasm_valtype_copy(const wasm_valtype_t* type) { return new wasm_valtype_t(*type); }
wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t* type) { return type->kind; }

wasm_functype_t* wasm_functype_new(wasm_valtype_vec_t* params, wasm_valtype_vec_t* results) {
  return new wasm_functype_t(std::exchange(*params, {}), std::exchange(*results, {}));
}
const wasm_valtype_vec_t* wasm_functype_params(const wasm_functype_t* type) { return &type->params; }
const wasm_valtype_vec_t* wasm_functype_results(const wasm_functype_t* type) { return &type->results; }

wasm_globaltype_t* wasm_globaltype_new(wasm_valtype_t* content, wasm_mutability_t mutability) {
  const std::unique_ptr<wasm_valtype_t> owned(content);
  return new wasm_globaltype_t(*content, mutability);
}
const wasm_valtype_t* wasm_globaltype_content(const wasm_globaltype_t* type) { return &type->content; }
wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t* type) { return type->mutability; }

wasm_tabletype_t* wasm_tabletype_new(wasm_valtype_t* element, const wasm_limits_t* limits) {
  const std::unique_ptr<wasm_valtype_t> owned(element);
  return new wasm_tabletype_t(*element, *limits);
}
const wasm_valtype_t* wasm_tabletype_element(const wasm_tabletype_t* type) { return &type->element; }
const wasm_limits_t* wasm_tabletype_limits(const wasm_tabletype_t* type) { return &type->limits; }

wasm_memorytype_t* wasm_memorytype_new(const wasm_limits_t* limits) { return new wasm_memorytype_t(*limits); }
const wasm_limits_t* wasm_memorytype_limits(const wasm_memorytype_t* type) { return &type->limits; }

wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t* type) { return type->kind; }
wasm_externtype_t* wasm_externtype_copy(const wasm_externtype_t* type) { return type->clone(); }

wasm_importtype_t* wasm_importtype_new(wasm_name_t* module, wasm_name_t* name, wasm_externtype_t* type) {
  return new wasm_importtype_t{std::exchange(*module, {}), std::exchange(*name, {}),
                               std::unique_ptr<wasm_externtype_t>(type)};
}
wasm_importtype_t* wasm_importtype_copy(const wasm_importtype_t* type) {
  return new wasm_importtype_t{copy(type->module), copy(type->name),
                               std::unique_ptr<wasm_externtype_t>(type->type->clone())};
}
const wasm_name_t* wasm_importtype_module(const wasm_importtype_t* type) { return &type->module; }
const wasm_name_t* wasm_importtype_name(const wasm_importtype_t* type) { return &type->name; }
const wasm_externtype_t* wasm_importtype_type(const wasm_importtype_t* type) { return type->type.get(); }

wasm_exporttype_t* wasm_exporttype_new(wasm_name_t* name, wasm_externtype_t* type) {
  return new wasm_exporttype_t{std::exchange(*name, {}), std::unique_ptr<wasm_externtype_t>(type)};
}
wasm_exporttype_t* wasm_exporttype_copy(const wasm_exporttype_t* type) {
  return new wasm_exporttype_t{copy(type->name), std::unique_ptr<wasm_externtype_t>(type->type->clone())};
}
const wasm_name_t* wasm_exporttype_name(const wasm_exporttype_t* type) { return &type->name; }
const wasm_externtype_t* wasm_exporttype_type(const wasm_exporttype_t* type) { return type->type.get(); }
