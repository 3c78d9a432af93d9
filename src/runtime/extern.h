// What instances import and export: functions, tables, memories, globals, tags.
#pragma once

#include <cassert>
#include <cstdint>
#include <string>

#include "runtime/memory.h"
#include "runtime/table.h"
#include "runtime/vmcontext.h"
#include "wasm/module.h"
#include "wasm/type_registry.h"
#include "wherry/types.h"

namespace wherry::runtime {

/// A global: its type, and where its value is (two slots; all but v128 use the first). Owned by a store.
struct Global {
  GlobalType type;
  Slot* cell;
};

/// A tag: exceptions thrown with it are caught with it, by identity. Owned by a store.
class Tag {
 public:
  explicit Tag(TypeId type) : type_(type) {}
  Tag(const Tag&) = delete;
  Tag& operator=(const Tag&) = delete;
  TypeId type() const { return type_; }

 private:
  TypeId type_;
};

/// Points to one of them; never null. Valid as long as its store.
class Extern {
 public:
  Extern(Func* func) : kind_(ExternKind::kFunc), object_(func) {}          // NOLINT(google-explicit-constructor)
  Extern(Table* table) : kind_(ExternKind::kTable), object_(table) {}      // NOLINT(google-explicit-constructor)
  Extern(Memory* memory) : kind_(ExternKind::kMemory), object_(memory) {}  // NOLINT(google-explicit-constructor)
  Extern(Global* global) : kind_(ExternKind::kGlobal), object_(global) {}  // NOLINT(google-explicit-constructor)
  Extern(Tag* tag) : kind_(ExternKind::kTag), object_(tag) {}              // NOLINT(google-explicit-constructor)

  ExternKind kind() const { return kind_; }
  Func* func() const { return as<Func>(ExternKind::kFunc); }
  Table* table() const { return as<Table>(ExternKind::kTable); }
  Memory* memory() const { return as<Memory>(ExternKind::kMemory); }
  Global* global() const { return as<Global>(ExternKind::kGlobal); }
  Tag* tag() const { return as<Tag>(ExternKind::kTag); }
  bool operator==(const Extern&) const = default;

 private:
  template <class T>
  T* as(ExternKind kind) const {
    assert(kind_ == kind);
    return static_cast<T*>(object_);
  }
  ExternKind kind_;
  void* object_;
};

/// Whether `value` may be given for `import` of `module`: spec, section "External Typing" and "Import Matching".
/// Errors: kUnlinkable, "incompatible import type" with the import's name and the reason.
Result<> check_import(const wasm::Module& module, const wasm::Import& import, const Extern& value);

}  // namespace wherry::runtime
