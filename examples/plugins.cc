// One program, many plug-ins: imports are resolved once for each module, each call runs in a store of its own, and a
// trap in one plug-in harms nobody else.
#include <wherry/wherry.h>

#include <cstdio>
#include <vector>

constexpr std::string_view kPlugins[] = {
    R"((module (import "app" "factor" (func $factor (result i32)))
         (func (export "apply") (param i32) (result i32) (i32.mul (local.get 0) (call $factor)))))",
    R"((module (func (export "apply") (param i32) (result i32) (i32.add (local.get 0) (i32.const 31)))))",
    R"((module (func (export "apply") (param i32) (result i32) (i32.div_s (local.get 0) (i32.const 0)))))",
};

struct Settings {
  int32_t factor;
};

int main() {
  wherry::Engine engine;
  wherry::Linker linker(engine);
  linker.func("app", "factor", [](wherry::Caller& caller) { return caller.data<Settings>().factor; });

  std::vector<wherry::InstancePre> plugins;
  for (std::string_view text : kPlugins) plugins.push_back(*linker.prepare(*wherry::Module::from_wat(engine, text)));

  for (size_t i = 0; i < plugins.size(); ++i) {
    wherry::Store store(engine);
    store.emplace_data<Settings>(3);
    auto apply = *plugins[i].instantiate(store)->func<int32_t(int32_t)>("apply");
    if (auto result = apply(4); result.has_value()) {
      std::printf("plugin %zu: %d\n", i, *result);
    } else {
      std::printf("plugin %zu: %s", i, result.error().to_string().c_str());
    }
  }
}
