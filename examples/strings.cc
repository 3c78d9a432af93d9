// Strings cross through the guest's memory: the guest passes an address and a length, the host reads and writes bytes.
#include <wherry/wherry.h>

#include <cstdio>
#include <string>

constexpr std::string_view kGuest = R"((module
  (import "host" "print" (func $print (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "Hello, ")
  (func (export "greet") (param $length i32)  ;; the name stands behind the greeting
    (call $print (i32.const 0) (i32.add (i32.const 7) (local.get $length))))))";

int main() {
  wherry::Engine engine;
  wherry::Linker linker(engine);
  linker.func("host", "print", [](wherry::Caller& caller, uint32_t address, uint32_t length) -> wherry::CallResult<> {
    auto text = caller.memory()->read_string(address, length);
    if (!text) return caller.fail("print: out of bounds");
    std::printf("%s\n", text->c_str());
    return {};
  });

  wherry::Store store(engine);
  auto module = wherry::Module::from_wat(engine, kGuest);
  auto instance = linker.instantiate(store, *module);
  const std::string name = "Wherry!";
  instance->memory("memory")->write(7, {reinterpret_cast<const uint8_t*>(name.data()), name.size()});
  auto greeted = (*instance->func<void(uint32_t)>("greet"))(static_cast<uint32_t>(name.size()));
  return greeted ? 0 : 1;
}
