#include "native/native_module.h"

#include <cassert>

namespace wherry::native {

NativeModule::~NativeModule() {
  for (const auto& image : images_) map_.remove(*image->code);
}

void NativeModule::bind(runtime::Func& func) const {
  const uint32_t number = func.index - module_.imported_functions;
  for (const Image* image = newest_.load(std::memory_order_acquire); image != nullptr; image = image->older) {
    const uint8_t* code = image->code->function(number);
    if (code == nullptr) continue;
    func.entry = native_entry;
    func.code = const_cast<uint8_t*>(image->code->enter(func.type));
    func.native = code;
    return;
  }
  below_->bind(func);
}

engine::TierModule::Frame NativeModule::locate(const runtime::TrapFrame& frame) const {
  const auto place = static_cast<const Code*>(frame.function)->locate(frame.pc);
  assert(place);
  return {&module_, module_.imported_functions + place->function, place->offset};
}

Result<> NativeModule::attach(engine::NativeImage bytes) const {
  WHERRY_TRY(std::unique_ptr<const Code> code, Code::make(std::move(bytes), module_, config_));
  const auto functions = static_cast<uint32_t>(module_.functions.size()) - module_.imported_functions;
  for (uint32_t i = 0; i < functions; ++i) {
    if (code->function(i) != nullptr &&
        code->enter(module_.functions[module_.imported_functions + i].type) == nullptr) {
      return fail(ErrorCode::kUnsupported, "native image: lacks a stub");
    }
  }
  std::unique_ptr<const GdbSymbols> gdb_symbols;
  if (config_.gdb || config_.perf_map) {
    const std::vector<CodeSymbol> symbols = code_symbols(*code, module_);
    if (config_.gdb) gdb_symbols = std::make_unique<const GdbSymbols>(*code, symbols);
    if (config_.perf_map) add_to_perf_map(symbols);
  }
  const std::lock_guard lock(mutex_);
  map_.add(*code, *this);
  const auto& image =
      images_.emplace_back(std::make_unique<const Image>(std::move(code), std::move(gdb_symbols), newest_.load()));
  newest_.store(image.get(), std::memory_order_release);
  for (uint32_t i = 0; i < functions; ++i) {
    if (image->code->function(i) != nullptr) below_->hand_over(module_.imported_functions + i, *this);
  }
  return {};
}

}  // namespace wherry::native
