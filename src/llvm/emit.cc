#include "llvm/emit.h"

#include <map>

#include "llvm/body_scan.h"
#include "llvm/function_emitter.h"
#include "llvm/precompiled.h"
#include "llvm/shard.h"

namespace wherry::compiler {

std::string function_symbol(uint32_t function) { return "f" + std::to_string(function); }
std::string enter_symbol(uint32_t type) { return "enter" + std::to_string(type); }
std::string leave_symbol(uint32_t type) { return "leave" + std::to_string(type); }

std::vector<uint32_t> stub_types(const wasm::Module& module) {
  // A stub knows how values travel, and not what they mean: references go as i64 do.
  std::map<std::string, uint32_t> known;
  std::vector<uint32_t> result;
  result.reserve(module.types.size());
  for (uint32_t index = 0; index < module.types.size(); ++index) {
    const wasm::TypeDef& type = module.registry->get(module.types[index]);
    if (type.kind != wasm::CompositeKind::kFunc) {
      result.push_back(kNoStub);
      continue;
    }
    std::string shape;
    const auto add = [&](std::span<const ValType> values) {
      for (ValType value : values) shape.push_back(static_cast<char>(value.is_ref() ? ValType::kI64 : value.kind()));
      shape.push_back('\0');
    };
    add(type.params);
    add(type.results);
    result.push_back(known.try_emplace(std::move(shape), index).first->second);
  }
  return result;
}

bool may_unwind(const wasm::Module& module) {
  return module.features.has(Feature::kExceptions) || module.features.has(Feature::kLegacyExceptions);
}

Result<std::unique_ptr<llvm::Module>> emit_shard(LLVMContext& context, const wasm::Module& module,
                                                 std::span<const uint32_t> functions, bool with_stubs,
                                                 const EmitOptions& options, std::span<const uint32_t> thunks) {
  std::vector<BodyScan> scans;
  scans.reserve(functions.size());
  bool has_tail_calls = false;
  for (uint32_t function : functions) {
    scans.push_back(scan_body(module, function));
    has_tail_calls = has_tail_calls || scans.back().has_tail_calls;
  }
  Shard shard(context, module, options, has_tail_calls);
  FunctionEmitter emitter(shard);
  wasm::FunctionReader<FunctionEmitter> reader(module, emitter);
  for (size_t i = 0; i < functions.size(); ++i) {
    emitter.start(functions[i], scans[i]);
    if (!reader.read_function(functions[i])) return std::unexpected(reader.take_error());
  }
  for (uint32_t function : thunks) emit_thunk(shard, function);
  if (with_stubs) emit_stubs(shard);
  return shard.take();
}

}  // namespace wherry::compiler
