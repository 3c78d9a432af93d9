#include "execution.h"

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "body_generator.h"
#include "wherry/wherry.h"

namespace wherry::fuzz {
namespace {

Value argument(char type, size_t position) {
  const auto n = static_cast<int32_t>(position);
  switch (type) {
    case 'i':
      return Value(n * 7 - 1);
    case 'l':
      return Value(int64_t{n} * 0x100000007 - 1);
    case 'f':
      return Value(static_cast<float>(n) - 0.5f);
    case 'd':
      return Value(static_cast<double>(n) * 1e10 - 0.5);
    case 'v':
      return Value(V128::from_halves(0x80017FFF00FF80FF, 0x3F800000BF800000));
    case 'F':
      return Value(Func());
    case 'E':
      return Value(ExternRef());
    default:
      return Value(AnyRef());
  }
}

uint64_t hash(std::span<const uint8_t> bytes) {
  uint64_t h = 0xCBF29CE484222325;  // FNV-1a
  for (uint8_t byte : bytes) h = (h ^ byte) * 0x100000001B3;
  return h;
}

void call(Store& store, const Instance& instance, size_t index, std::string_view params, std::string& seen) {
  std::vector<Value> arguments;
  for (size_t i = 0; i < params.size(); ++i) arguments.push_back(argument(params[i], i));
  const auto set = instance.global("g0")->set(Value(kFuel));
  // Enough for some calls, so that others end in the middle.
  store.set_fuel(uint64_t{1} << (4 + 3 * (index % 6)));
  const auto results = instance.func("f" + std::to_string(index))->call(arguments);
  seen += "f" + std::to_string(index) + ":";
  if (!set.has_value()) seen += " no fuel";
  if (results.has_value()) {
    for (const Value& value : *results) seen += " " + value.to_string();
  } else {
    seen += " trap: " + std::string(message(results.error().kind));
  }
  if (const uint64_t left = store.fuel(); left != 0) seen += " (fuel left: " + std::to_string(left) + ")";
  seen += "\n";
}

}  // namespace

Config deterministic_config() {
  Config config;
  config.features = Features::all();
  config.relaxed_simd_deterministic = true;
  config.validation_threads = 1;
  return config;
}

std::string execute(const GeneratedModule& generated, const Config& config) {
  const Engine engine(config);
  const auto module = Module::from_binary(engine, generated.binary);
  if (!module.has_value()) return module.error().message;
  Store store(engine);
  const auto instance = Instance::make(store, *module);
  if (!instance.has_value()) return instance.error().message;

  std::string seen;
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < generated.params.size(); ++i) call(store, *instance, i, generated.params[i], seen);
  }
  for (const auto& [name, item] : instance->exports()) {
    if (const auto* global = std::get_if<Global>(&item)) {
      seen += std::string(name) + " = " + global->get().to_string() + "\n";
    } else if (const auto* table = std::get_if<Table>(&item)) {
      seen += std::string(name) + ":";
      for (uint64_t i = 0; i < table->size(); ++i) seen += " " + table->get(i)->to_string();
      seen += "\n";
    } else if (const auto* memory = std::get_if<Memory>(&item)) {
      seen += std::string(name) + ": " + std::to_string(memory->pages()) + " pages, " +
              std::to_string(hash(memory->data())) + "\n";
    }
  }
  return seen;
}

}  // namespace wherry::fuzz
