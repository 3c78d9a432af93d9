#include <wherry/wherry.h>

#include <cstdio>

int main() {
  wherry::Engine engine;
  auto module = wherry::Module::from_wat(engine, R"((module
    (import "env" "twice" (func $twice (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $twice (local.get 0)))))");
  wherry::Linker linker(engine);
  linker.func("env", "twice", [](int32_t x) { return 2 * x; });
  wherry::Store store(engine);
  auto instance = linker.instantiate(store, *module);
  auto run = instance->func<int32_t(int32_t)>("run");
  std::printf("%d\n", *(*run)(21));
}
