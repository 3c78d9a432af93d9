#include "cli/spectest.h"

#include "wherry/wherry.h"

namespace wherry::cli {

Result<> define_spectest(Linker& linker, StoreRef store) {
  constexpr std::string_view kModule = "spectest";
  // What they print is nobody's business.
  WHERRY_CHECK(linker.func(kModule, "print", [] {}));
  WHERRY_CHECK(linker.func(kModule, "print_i32", [](int32_t) {}));
  WHERRY_CHECK(linker.func(kModule, "print_i64", [](int64_t) {}));
  WHERRY_CHECK(linker.func(kModule, "print_f32", [](float) {}));
  WHERRY_CHECK(linker.func(kModule, "print_f64", [](double) {}));
  WHERRY_CHECK(linker.func(kModule, "print_i32_f32", [](int32_t, float) {}));
  WHERRY_CHECK(linker.func(kModule, "print_f64_f64", [](double, double) {}));

  const std::pair<std::string_view, Value> globals[] = {{"global_i32", Value(int32_t{666})},
                                                        {"global_i64", Value(int64_t{666})},
                                                        {"global_f32", Value(666.6f)},
                                                        {"global_f64", Value(666.6)}};
  for (const auto& [name, value] : globals) {
    WHERRY_TRY(Global global, Global::make(store, GlobalType{value.type(), false}, value));
    WHERRY_CHECK(linker.define(kModule, name, global));
  }

  const Value null{Func()};
  WHERRY_TRY(Table table, Table::make(store, TableType{.limits = {10, 20}}, null));
  WHERRY_CHECK(linker.define(kModule, "table", table));
  WHERRY_TRY(Table table64, Table::make(store, TableType{.limits = {10, 20}, .is64 = true}, null));
  WHERRY_CHECK(linker.define(kModule, "table64", table64));

  WHERRY_TRY(Memory memory, Memory::make(store, MemoryType{.limits = {1, 2}}));
  WHERRY_CHECK(linker.define(kModule, "memory", memory));
  WHERRY_TRY(Memory shared, Memory::make(store, MemoryType{.limits = {1, 2}, .shared = true}));
  return linker.define(kModule, "shared_memory", shared);
}

}  // namespace wherry::cli
