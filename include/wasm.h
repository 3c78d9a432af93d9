/* The engine-neutral C API of WebAssembly (https://github.com/WebAssembly/wasm-c-api), as libwherry implements it.
 *
 * Ownership. `own` marks what the caller owns and gives back with the matching wasm_X_delete (a result, or an `out`
 * parameter), or what a function takes over from the caller (any other parameter). An owned vector owns its elements.
 * Everything else is borrowed: for the time of the call, or, of accessors, as long as what it was asked of.
 * Every wasm_X_delete takes NULL.
 *
 * Lifetimes. Functions, globals, tables, memories, instances, traps and foreign objects belong to a store. What the
 * caller holds are references to them; each keeps its store alive, so that things may be deleted in any order. Objects
 * themselves live until their store is gone (foreign objects: until no guest and no reference holds them).
 *
 * Threads. Engines and shared modules may be used by all threads at once; a store and all that belongs to it by one at
 * a time.
 *
 * What this interface cannot express: values of type v128, which make a call fail with a trap that says so; references
 * other than funcref and externref, which pass as opaque externref; tags, which wasm_instance_exports lists as externs
 * of kind WASM_EXTERN_TAG that can only be passed on. */
#ifndef WASM_H
#define WASM_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef WASM_API_EXTERN
#if defined(_WIN32) && !defined(LIBWASM_STATIC)
#define WASM_API_EXTERN __declspec(dllimport)
#elif defined(__GNUC__)
#define WASM_API_EXTERN __attribute__((visibility("default")))
#else
#define WASM_API_EXTERN
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef char byte_t;
typedef float float32_t;
typedef double float64_t;

#define own

/* ---- What all the types below have in common ---- */

/* An opaque type that is deleted. */
#define WASM_OPAQUE_(X)                   \
  typedef struct wasm_##X##_t wasm_##X##_t; \
  WASM_API_EXTERN void wasm_##X##_delete(own wasm_##X##_t*);

/* A vector of `element`s, which are wasm_X_t or, for opaque types, pointers to them. */
#define WASM_VECTOR_(X, element)                                                                      \
  typedef struct wasm_##X##_vec_t {                                                                   \
    size_t size;                                                                                      \
    element* data;                                                                                    \
  } wasm_##X##_vec_t;                                                                                 \
  WASM_API_EXTERN void wasm_##X##_vec_new_empty(own wasm_##X##_vec_t* out);                           \
  /* Zeroed. */                                                                                       \
  WASM_API_EXTERN void wasm_##X##_vec_new_uninitialized(own wasm_##X##_vec_t* out, size_t size);      \
  WASM_API_EXTERN void wasm_##X##_vec_new(own wasm_##X##_vec_t* out, size_t size, own element const[]); \
  WASM_API_EXTERN void wasm_##X##_vec_copy(own wasm_##X##_vec_t* out, const wasm_##X##_vec_t*);       \
  /* The elements too; leaves an empty vector. */                                                     \
  WASM_API_EXTERN void wasm_##X##_vec_delete(own wasm_##X##_vec_t*);

/* A description: opaque, copied, collected in vectors. */
#define WASM_TYPE_(X)                  \
  WASM_OPAQUE_(X)                      \
  WASM_VECTOR_(X, wasm_##X##_t*)       \
  WASM_API_EXTERN own wasm_##X##_t* wasm_##X##_copy(const wasm_##X##_t*);

/* A reference to an object. Host info is a pointer kept with the object, whatever reference it is reached through; its
 * finalizer is called when the object is freed, or other host info is set. */
#define WASM_REFERENCE_(X)                                                                  \
  WASM_OPAQUE_(X)                                                                           \
  WASM_API_EXTERN own wasm_##X##_t* wasm_##X##_copy(const wasm_##X##_t*);                   \
  WASM_API_EXTERN bool wasm_##X##_same(const wasm_##X##_t*, const wasm_##X##_t*);           \
  WASM_API_EXTERN void* wasm_##X##_get_host_info(const wasm_##X##_t*);                      \
  WASM_API_EXTERN void wasm_##X##_set_host_info(wasm_##X##_t*, void*);                      \
  WASM_API_EXTERN void wasm_##X##_set_host_info_with_finalizer(wasm_##X##_t*, void*, void (*finalizer)(void*));

/* Views of the same reference as another type: NULL if it is not one. */
#define WASM_VIEWS_(X, Y)                                                              \
  WASM_API_EXTERN wasm_##Y##_t* wasm_##X##_as_##Y(wasm_##X##_t*);                      \
  WASM_API_EXTERN const wasm_##Y##_t* wasm_##X##_as_##Y##_const(const wasm_##X##_t*);  \
  WASM_API_EXTERN wasm_##X##_t* wasm_##Y##_as_##X(wasm_##Y##_t*);                      \
  WASM_API_EXTERN const wasm_##X##_t* wasm_##Y##_as_##X##_const(const wasm_##Y##_t*);

#define WASM_OBJECT_(X) WASM_REFERENCE_(X) WASM_VIEWS_(X, ref)

/* ---- Bytes and names ---- */

typedef byte_t wasm_byte_t;
WASM_VECTOR_(byte, wasm_byte_t)

/* UTF-8, not terminated. */
typedef wasm_byte_vec_t wasm_name_t;
#define wasm_name wasm_byte_vec
#define wasm_name_new wasm_byte_vec_new
#define wasm_name_new_empty wasm_byte_vec_new_empty
#define wasm_name_new_uninitialized wasm_byte_vec_new_uninitialized
#define wasm_name_new_new_uninitialized wasm_byte_vec_new_uninitialized
#define wasm_name_copy wasm_byte_vec_copy
#define wasm_name_delete wasm_byte_vec_delete

static inline void wasm_name_new_from_string(own wasm_name_t* out, const char* s) { wasm_name_new(out, strlen(s), s); }
/* With the terminating NUL as the last byte, as wasm_message_t wants it. */
static inline void wasm_name_new_from_string_nt(own wasm_name_t* out, const char* s) {
  wasm_name_new(out, strlen(s) + 1, s);
}

/* ---- Engines and stores ---- */

WASM_OPAQUE_(config)
WASM_API_EXTERN own wasm_config_t* wasm_config_new(void);

WASM_OPAQUE_(engine)
WASM_API_EXTERN own wasm_engine_t* wasm_engine_new(void);
WASM_API_EXTERN own wasm_engine_t* wasm_engine_new_with_config(own wasm_config_t*);

WASM_OPAQUE_(store)
WASM_API_EXTERN own wasm_store_t* wasm_store_new(wasm_engine_t*);

/* ---- Types ---- */

typedef uint8_t wasm_mutability_t;
enum wasm_mutability_enum { WASM_CONST, WASM_VAR };

/* Of memories in pages, of tables in elements. */
typedef struct wasm_limits_t {
  uint32_t min;
  uint32_t max;
} wasm_limits_t;
/* No maximum. */
static const uint32_t wasm_limits_max_default = 0xffffffff;

typedef uint8_t wasm_valkind_t;
enum wasm_valkind_enum {
  WASM_I32,
  WASM_I64,
  WASM_F32,
  WASM_F64,
  WASM_V128, /* Wherry's addition, in descriptions only. */
  WASM_EXTERNREF = 128,
  WASM_FUNCREF
};
static inline bool wasm_valkind_is_num(wasm_valkind_t k) { return k < WASM_EXTERNREF; }
static inline bool wasm_valkind_is_ref(wasm_valkind_t k) { return k >= WASM_EXTERNREF; }

WASM_TYPE_(valtype)
WASM_API_EXTERN own wasm_valtype_t* wasm_valtype_new(wasm_valkind_t);
WASM_API_EXTERN wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t*);
static inline bool wasm_valtype_is_num(const wasm_valtype_t* t) { return wasm_valkind_is_num(wasm_valtype_kind(t)); }
static inline bool wasm_valtype_is_ref(const wasm_valtype_t* t) { return wasm_valkind_is_ref(wasm_valtype_kind(t)); }

WASM_TYPE_(functype)
WASM_API_EXTERN own wasm_functype_t* wasm_functype_new(own wasm_valtype_vec_t* params, own wasm_valtype_vec_t* results);
WASM_API_EXTERN const wasm_valtype_vec_t* wasm_functype_params(const wasm_functype_t*);
WASM_API_EXTERN const wasm_valtype_vec_t* wasm_functype_results(const wasm_functype_t*);

WASM_TYPE_(globaltype)
WASM_API_EXTERN own wasm_globaltype_t* wasm_globaltype_new(own wasm_valtype_t*, wasm_mutability_t);
WASM_API_EXTERN const wasm_valtype_t* wasm_globaltype_content(const wasm_globaltype_t*);
WASM_API_EXTERN wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t*);

WASM_TYPE_(tabletype)
WASM_API_EXTERN own wasm_tabletype_t* wasm_tabletype_new(own wasm_valtype_t*, const wasm_limits_t*);
WASM_API_EXTERN const wasm_valtype_t* wasm_tabletype_element(const wasm_tabletype_t*);
WASM_API_EXTERN const wasm_limits_t* wasm_tabletype_limits(const wasm_tabletype_t*);

WASM_TYPE_(memorytype)
WASM_API_EXTERN own wasm_memorytype_t* wasm_memorytype_new(const wasm_limits_t*);
WASM_API_EXTERN const wasm_limits_t* wasm_memorytype_limits(const wasm_memorytype_t*);

typedef uint8_t wasm_externkind_t;
enum wasm_externkind_enum {
  WASM_EXTERN_FUNC,
  WASM_EXTERN_GLOBAL,
  WASM_EXTERN_TABLE,
  WASM_EXTERN_MEMORY,
  WASM_EXTERN_TAG /* Wherry's addition. */
};

WASM_TYPE_(externtype)
WASM_API_EXTERN wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t*);
WASM_VIEWS_(functype, externtype)
WASM_VIEWS_(globaltype, externtype)
WASM_VIEWS_(tabletype, externtype)
WASM_VIEWS_(memorytype, externtype)

WASM_TYPE_(importtype)
WASM_API_EXTERN own wasm_importtype_t* wasm_importtype_new(own wasm_name_t* module, own wasm_name_t* name,
                                                           own wasm_externtype_t*);
WASM_API_EXTERN const wasm_name_t* wasm_importtype_module(const wasm_importtype_t*);
WASM_API_EXTERN const wasm_name_t* wasm_importtype_name(const wasm_importtype_t*);
WASM_API_EXTERN const wasm_externtype_t* wasm_importtype_type(const wasm_importtype_t*);

WASM_TYPE_(exporttype)
WASM_API_EXTERN own wasm_exporttype_t* wasm_exporttype_new(own wasm_name_t*, own wasm_externtype_t*);
WASM_API_EXTERN const wasm_name_t* wasm_exporttype_name(const wasm_exporttype_t*);
WASM_API_EXTERN const wasm_externtype_t* wasm_exporttype_type(const wasm_exporttype_t*);

/* ---- Values and references ---- */

WASM_REFERENCE_(ref)

typedef struct wasm_val_t {
  wasm_valkind_t kind;
  union {
    int32_t i32;
    int64_t i64;
    float32_t f32;
    float64_t f64;
    struct wasm_ref_t* ref; /* NULL: the null reference. */
  } of;
} wasm_val_t;
WASM_API_EXTERN void wasm_val_delete(own wasm_val_t* v);
WASM_API_EXTERN void wasm_val_copy(own wasm_val_t* out, const wasm_val_t*);
WASM_VECTOR_(val, wasm_val_t)

/* ---- Traps ---- */

/* A frame of a trap's backtrace. Offsets are bytes: in the function's body, and in the module. Of a module with several
 * instances in the store, the frame's instance is the last that was made. */
WASM_OPAQUE_(frame)
WASM_VECTOR_(frame, wasm_frame_t*)
WASM_API_EXTERN own wasm_frame_t* wasm_frame_copy(const wasm_frame_t*);
WASM_API_EXTERN struct wasm_instance_t* wasm_frame_instance(const wasm_frame_t*);
WASM_API_EXTERN uint32_t wasm_frame_func_index(const wasm_frame_t*);
WASM_API_EXTERN size_t wasm_frame_func_offset(const wasm_frame_t*);
WASM_API_EXTERN size_t wasm_frame_module_offset(const wasm_frame_t*);

/* Ends with a NUL. */
typedef wasm_name_t wasm_message_t;

WASM_OBJECT_(trap)
WASM_API_EXTERN own wasm_trap_t* wasm_trap_new(wasm_store_t*, const wasm_message_t*);
WASM_API_EXTERN void wasm_trap_message(const wasm_trap_t*, own wasm_message_t* out);
/* The innermost frame, or NULL. */
WASM_API_EXTERN own wasm_frame_t* wasm_trap_origin(const wasm_trap_t*);
WASM_API_EXTERN void wasm_trap_trace(const wasm_trap_t*, own wasm_frame_vec_t* out);

/* ---- Objects ---- */

/* Something of the host's, to be passed around as an externref. */
WASM_OBJECT_(foreign)
WASM_API_EXTERN own wasm_foreign_t* wasm_foreign_new(wasm_store_t*);

WASM_OBJECT_(module)
/* A module outside of any store, for other threads. */
WASM_OPAQUE_(shared_module)
WASM_API_EXTERN own wasm_shared_module_t* wasm_module_share(const wasm_module_t*);
/* NULL: a store of another engine. */
WASM_API_EXTERN own wasm_module_t* wasm_module_obtain(wasm_store_t*, const wasm_shared_module_t*);
/* NULL: not a valid module. */
WASM_API_EXTERN own wasm_module_t* wasm_module_new(wasm_store_t*, const wasm_byte_vec_t* binary);
WASM_API_EXTERN bool wasm_module_validate(wasm_store_t*, const wasm_byte_vec_t* binary);
WASM_API_EXTERN void wasm_module_imports(const wasm_module_t*, own wasm_importtype_vec_t* out);
WASM_API_EXTERN void wasm_module_exports(const wasm_module_t*, own wasm_exporttype_vec_t* out);
/* What wasm_module_deserialize reads: a module, which any engine can read too. */
WASM_API_EXTERN void wasm_module_serialize(const wasm_module_t*, own wasm_byte_vec_t* out);
WASM_API_EXTERN own wasm_module_t* wasm_module_deserialize(wasm_store_t*, const wasm_byte_vec_t*);

WASM_OBJECT_(func)
/* A host function borrows its arguments and fills `results`, or returns a trap. */
typedef own wasm_trap_t* (*wasm_func_callback_t)(const wasm_val_vec_t* args, own wasm_val_vec_t* results);
typedef own wasm_trap_t* (*wasm_func_callback_with_env_t)(void* env, const wasm_val_vec_t* args,
                                                          own wasm_val_vec_t* results);
WASM_API_EXTERN own wasm_func_t* wasm_func_new(wasm_store_t*, const wasm_functype_t*, wasm_func_callback_t);
/* `finalizer` (or NULL) is called with `env` when the store is gone. */
WASM_API_EXTERN own wasm_func_t* wasm_func_new_with_env(wasm_store_t*, const wasm_functype_t*,
                                                        wasm_func_callback_with_env_t, void* env,
                                                        void (*finalizer)(void*));
WASM_API_EXTERN own wasm_functype_t* wasm_func_type(const wasm_func_t*);
WASM_API_EXTERN size_t wasm_func_param_arity(const wasm_func_t*);
WASM_API_EXTERN size_t wasm_func_result_arity(const wasm_func_t*);
/* `results` has room for all results (its size says so); on a trap they are not written. NULL: no trap. */
WASM_API_EXTERN own wasm_trap_t* wasm_func_call(const wasm_func_t*, const wasm_val_vec_t* args,
                                                own wasm_val_vec_t* results);

/* The makers of objects return NULL where an initial value is not of the type, or a limit is reached. */
WASM_OBJECT_(global)
WASM_API_EXTERN own wasm_global_t* wasm_global_new(wasm_store_t*, const wasm_globaltype_t*, const wasm_val_t*);
WASM_API_EXTERN own wasm_globaltype_t* wasm_global_type(const wasm_global_t*);
WASM_API_EXTERN void wasm_global_get(const wasm_global_t*, own wasm_val_t* out);
/* Does nothing to an immutable global, or with a value of another type. */
WASM_API_EXTERN void wasm_global_set(wasm_global_t*, const wasm_val_t*);

typedef uint32_t wasm_table_size_t;
WASM_OBJECT_(table)
WASM_API_EXTERN own wasm_table_t* wasm_table_new(wasm_store_t*, const wasm_tabletype_t*, wasm_ref_t* init);
WASM_API_EXTERN own wasm_tabletype_t* wasm_table_type(const wasm_table_t*);
WASM_API_EXTERN own wasm_ref_t* wasm_table_get(const wasm_table_t*, wasm_table_size_t index);
WASM_API_EXTERN bool wasm_table_set(wasm_table_t*, wasm_table_size_t index, wasm_ref_t*);
WASM_API_EXTERN wasm_table_size_t wasm_table_size(const wasm_table_t*);
WASM_API_EXTERN bool wasm_table_grow(wasm_table_t*, wasm_table_size_t delta, wasm_ref_t* init);

typedef uint32_t wasm_memory_pages_t;
static const size_t MEMORY_PAGE_SIZE = 0x10000;
WASM_OBJECT_(memory)
WASM_API_EXTERN own wasm_memory_t* wasm_memory_new(wasm_store_t*, const wasm_memorytype_t*);
WASM_API_EXTERN own wasm_memorytype_t* wasm_memory_type(const wasm_memory_t*);
/* Valid until the memory grows. */
WASM_API_EXTERN byte_t* wasm_memory_data(wasm_memory_t*);
WASM_API_EXTERN size_t wasm_memory_data_size(const wasm_memory_t*);
WASM_API_EXTERN wasm_memory_pages_t wasm_memory_size(const wasm_memory_t*);
WASM_API_EXTERN bool wasm_memory_grow(wasm_memory_t*, wasm_memory_pages_t delta);

/* Any of the four above. */
WASM_OBJECT_(extern)
WASM_VECTOR_(extern, wasm_extern_t*)
WASM_API_EXTERN wasm_externkind_t wasm_extern_kind(const wasm_extern_t*);
WASM_API_EXTERN own wasm_externtype_t* wasm_extern_type(const wasm_extern_t*);
WASM_VIEWS_(func, extern)
WASM_VIEWS_(global, extern)
WASM_VIEWS_(table, extern)
WASM_VIEWS_(memory, extern)

WASM_OBJECT_(instance)
/* `imports` in the order of the module's imports. NULL if they do not fit or the start function traps; then, if `trap`
 * is not NULL, *trap says why. */
WASM_API_EXTERN own wasm_instance_t* wasm_instance_new(wasm_store_t*, const wasm_module_t*,
                                                       const wasm_extern_vec_t* imports, own wasm_trap_t** trap);
/* In the order of the module's exports. */
WASM_API_EXTERN void wasm_instance_exports(const wasm_instance_t*, own wasm_extern_vec_t* out);

/* ---- Shorthands ---- */

/* clang-format off */
#define WASM_EMPTY_VEC {0, NULL}
#define WASM_ARRAY_VEC(array) {sizeof(array) / sizeof(*(array)), array}

#define WASM_I32_VAL(i) {.kind = WASM_I32, .of = {.i32 = i}}
#define WASM_I64_VAL(i) {.kind = WASM_I64, .of = {.i64 = i}}
#define WASM_F32_VAL(z) {.kind = WASM_F32, .of = {.f32 = z}}
#define WASM_F64_VAL(z) {.kind = WASM_F64, .of = {.f64 = z}}
#define WASM_REF_VAL(r) {.kind = WASM_EXTERNREF, .of = {.ref = r}}
#define WASM_INIT_VAL {.kind = WASM_EXTERNREF, .of = {.ref = NULL}}
/* clang-format on */

/* A host pointer as an integer value of its size. */
static inline void wasm_val_init_ptr(own wasm_val_t* out, void* p) {
#if UINTPTR_MAX == UINT32_MAX
  out->kind = WASM_I32;
  out->of.i32 = (int32_t)(intptr_t)p;
#else
  out->kind = WASM_I64;
  out->of.i64 = (int64_t)(intptr_t)p;
#endif
}
static inline void* wasm_val_ptr(const wasm_val_t* val) {
#if UINTPTR_MAX == UINT32_MAX
  return (void*)(intptr_t)val->of.i32;
#else
  return (void*)(intptr_t)val->of.i64;
#endif
}

static inline own wasm_valtype_t* wasm_valtype_new_i32(void) { return wasm_valtype_new(WASM_I32); }
static inline own wasm_valtype_t* wasm_valtype_new_i64(void) { return wasm_valtype_new(WASM_I64); }
static inline own wasm_valtype_t* wasm_valtype_new_f32(void) { return wasm_valtype_new(WASM_F32); }
static inline own wasm_valtype_t* wasm_valtype_new_f64(void) { return wasm_valtype_new(WASM_F64); }
static inline own wasm_valtype_t* wasm_valtype_new_externref(void) { return wasm_valtype_new(WASM_EXTERNREF); }
static inline own wasm_valtype_t* wasm_valtype_new_funcref(void) { return wasm_valtype_new(WASM_FUNCREF); }

/* wasm_functype_new_M_N: a function type from M parameters and N results, which it takes over. */
static inline own wasm_functype_t* wasm_functype_of_(size_t params, own wasm_valtype_t* const p[], size_t results,
                                                     own wasm_valtype_t* const r[]) {
  wasm_valtype_vec_t ps, rs;
  wasm_valtype_vec_new(&ps, params, p);
  wasm_valtype_vec_new(&rs, results, r);
  return wasm_functype_new(&ps, &rs);
}
#define WASM_P0_
#define WASM_P1_ wasm_valtype_t* p1
#define WASM_P2_ WASM_P1_, wasm_valtype_t* p2
#define WASM_P3_ WASM_P2_, wasm_valtype_t* p3
#define WASM_R1_ wasm_valtype_t* r1
#define WASM_R2_ WASM_R1_, wasm_valtype_t* r2
#define WASM_FUNCTYPE_NEW_(m, n, parameters, ps, rs)                                        \
  static inline own wasm_functype_t* wasm_functype_new_##m##_##n parameters {               \
    wasm_valtype_t* p[] = ps;                                                               \
    wasm_valtype_t* r[] = rs;                                                               \
    return wasm_functype_of_(m, p, n, r);                                                   \
  }
#define WASM_LIST_(...) {__VA_ARGS__}
WASM_FUNCTYPE_NEW_(0, 0, (void), WASM_LIST_(NULL), WASM_LIST_(NULL))
WASM_FUNCTYPE_NEW_(1, 0, (WASM_P1_), WASM_LIST_(p1), WASM_LIST_(NULL))
WASM_FUNCTYPE_NEW_(2, 0, (WASM_P2_), WASM_LIST_(p1, p2), WASM_LIST_(NULL))
WASM_FUNCTYPE_NEW_(3, 0, (WASM_P3_), WASM_LIST_(p1, p2, p3), WASM_LIST_(NULL))
WASM_FUNCTYPE_NEW_(0, 1, (WASM_R1_), WASM_LIST_(NULL), WASM_LIST_(r1))
WASM_FUNCTYPE_NEW_(1, 1, (WASM_P1_, WASM_R1_), WASM_LIST_(p1), WASM_LIST_(r1))
WASM_FUNCTYPE_NEW_(2, 1, (WASM_P2_, WASM_R1_), WASM_LIST_(p1, p2), WASM_LIST_(r1))
WASM_FUNCTYPE_NEW_(3, 1, (WASM_P3_, WASM_R1_), WASM_LIST_(p1, p2, p3), WASM_LIST_(r1))
WASM_FUNCTYPE_NEW_(0, 2, (WASM_R2_), WASM_LIST_(NULL), WASM_LIST_(r1, r2))
WASM_FUNCTYPE_NEW_(1, 2, (WASM_P1_, WASM_R2_), WASM_LIST_(p1), WASM_LIST_(r1, r2))
WASM_FUNCTYPE_NEW_(2, 2, (WASM_P2_, WASM_R2_), WASM_LIST_(p1, p2), WASM_LIST_(r1, r2))
WASM_FUNCTYPE_NEW_(3, 2, (WASM_P3_, WASM_R2_), WASM_LIST_(p1, p2, p3), WASM_LIST_(r1, r2))
#undef WASM_P0_
#undef WASM_P1_
#undef WASM_P2_
#undef WASM_P3_
#undef WASM_R1_
#undef WASM_R2_
#undef WASM_FUNCTYPE_NEW_
#undef WASM_LIST_
#undef WASM_OPAQUE_
#undef WASM_VECTOR_
#undef WASM_TYPE_
#undef WASM_REFERENCE_
#undef WASM_VIEWS_
#undef WASM_OBJECT_
#undef own

#ifdef __cplusplus
}
#endif

#endif /* WASM_H */
