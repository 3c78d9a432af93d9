// Table, Global and Tag: handles to what else instances import and export, each valid as long as its store.
#pragma once

#include <cstdint>
#include <span>

#include "wherry/extern_type.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/types.h"
#include "wherry/value.h"

namespace wherry::runtime {
class Table;
struct Global;
class Tag;
}  // namespace wherry::runtime

namespace [[gnu::visibility("default")]] wherry {

class Table {
 public:
  /// Every element starts as `init`. Errors: kInvalid (limits), kType (`init` is not an element), kLimit.
  static Result<Table> make(StoreRef store, const TableType& type, const Value& init);

  /// With the current size as the minimum.
  TableType type() const;
  uint64_t size() const;
  /// Errors: kNotFound (no such element), kType.
  Result<Value> get(uint64_t index) const;
  Result<> set(uint64_t index, const Value& value) const;
  /// The old size. Errors: kLimit, kType.
  Result<uint64_t> grow(uint64_t elements, const Value& init) const;

  bool operator==(const Table&) const = default;

  /// For Wherry's own rooms.
  Table(StoreRef store, runtime::Table& table) : store_(store), table_(&table) {}
  StoreRef owner() const { return store_; }
  runtime::Table& impl() const { return *table_; }

 private:
  StoreRef store_;
  runtime::Table* table_;
};

class Global {
 public:
  /// Error: kType (`init` is not of the type).
  static Result<Global> make(StoreRef store, const GlobalType& type, const Value& init);

  GlobalType type() const;
  Value get() const;
  /// Error: kType (immutable, or another type).
  Result<> set(const Value& value) const;

  bool operator==(const Global&) const = default;

  /// For Wherry's own rooms.
  Global(StoreRef store, runtime::Global& global) : store_(store), global_(&global) {}
  StoreRef owner() const { return store_; }
  runtime::Global& impl() const { return *global_; }

 private:
  StoreRef store_;
  runtime::Global* global_;
};

/// The identity of a kind of exception.
class Tag {
 public:
  /// Errors: kInvalid (results, or types of another engine), kLimit.
  static Result<Tag> make(StoreRef store, const FuncType& type);

  /// What an exception carries: the parameters.
  FuncType type() const;

  bool operator==(const Tag&) const = default;

  /// For Wherry's own rooms.
  Tag(StoreRef store, runtime::Tag& tag) : store_(store), tag_(&tag) {}
  StoreRef owner() const { return store_; }
  runtime::Tag& impl() const { return *tag_; }

 private:
  StoreRef store_;
  runtime::Tag* tag_;
};

}  // namespace wherry
