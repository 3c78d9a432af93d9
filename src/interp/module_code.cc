#include "interp/module_code.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>

#include "interp/calls.h"
#include "interp/translator.h"
#include "runtime/instance.h"

namespace wherry::interp {

namespace {

bool read(const wasm::Module& module, const Config& config, Function* functions, Function& function, uint32_t index,
          bool record_offsets, Translation& out) {
  Translator translator(module, config, functions, &function, record_offsets);
  wasm::FunctionReader<Translator> reader(module, translator);
  // The body was found valid, but lies in a file that may have changed since; what is translated is checked again.
  return reader.read_function(index) && translator.take(out);
}

/// A frame without locals.
Translation empty_frame(const wasm::TypeDef& type) {
  Translation stub;
  stub.link = static_cast<uint16_t>(type.param_slots);
  stub.zero_begin = stub.link;
  stub.frame_slots = type.param_slots + type.result_slots + kLinkSlots;
  return stub;
}

/// In place of a function that cannot be translated: instructions cannot name its slots, or its file has changed.
Translation too_large(const wasm::TypeDef& type) {
  Translation stub = empty_frame(type);
  stub.code = {reinterpret_cast<Word>(kControl.trap), Word{static_cast<uint32_t>(TrapKind::kFunctionTooLarge)} << 32};
  return stub;
}

}  // namespace

void ModuleCode::Free::operator()(Function* functions) const { std::free(functions); }

ModuleCode::ModuleCode(const wasm::Module& module, const Config& config)
    : module_(module),
      config_(config),
      functions_(static_cast<Function*>(
          std::calloc(std::max<size_t>(module.functions.size() - module.imported_functions, 1), sizeof(Function)))) {
  if (functions_ == nullptr) std::abort();
}

ModuleCode::~ModuleCode() = default;

void ModuleCode::bind(runtime::Func& func) const {
  func.context->tier_module = this;
  func.entry = interp_entry;
  func.code = &functions_[func.index - module_.imported_functions];
}

engine::TierModule::Frame ModuleCode::locate(const runtime::TrapFrame& frame) const {
  const auto& function = *static_cast<const Function*>(frame.function);
  return {&module_, index_of(function), offset_at(function, reinterpret_cast<const Word*>(frame.pc))};
}

uint32_t ModuleCode::index_of(const Function& function) const {
  return static_cast<uint32_t>(&function - functions_.get()) + module_.imported_functions;
}

Word* ModuleCode::allocate(size_t words) const {
  if (words > chunk_left_) {
    constexpr size_t kChunkWords = 8192;
    chunk_left_ = std::max(words, kChunkWords);
    chunk_next_ = chunks_.emplace_back(std::make_unique_for_overwrite<Word[]>(chunk_left_)).get();
  }
  Word* code = chunk_next_;
  chunk_next_ += words;
  chunk_left_ -= words;
  return code;
}

void ModuleCode::make_frame(Function& function, const Translation& made, const wasm::TypeDef& type) const {
  function.frame_slots = made.frame_slots;
  function.link = made.link;
  function.zero_begin = made.zero_begin;
  function.zero_groups = made.zero_groups;
  function.result_slots = static_cast<uint16_t>(type.result_slots);
}

const Word* ModuleCode::translate(Function& function) const {
  const std::lock_guard lock(mutex_);
  if (const Word* start = function.start.load(std::memory_order_relaxed)) return start;
  const uint32_t index = index_of(function);
  const wasm::TypeDef& type = module_.function_type(index);
  Translation made;
  if (!read(module_, config_, functions_.get(), function, index, false, made)) made = too_large(type);
  Word* code = allocate(made.code.size());
  std::ranges::copy(made.code, code);
  make_frame(function, made, type);
  function.code_words = static_cast<uint32_t>(made.code.size());
  function.catch_count = static_cast<uint32_t>(made.catches.size());
  if (!made.catches.empty()) {
    auto catches = std::make_unique<CatchEntry[]>(made.catches.size());
    std::ranges::copy(made.catches, catches.get());
    function.catches = catches_.emplace_back(std::move(catches)).get();
  }
  translated_.push_back(&function);
  function.code.store(code, std::memory_order_relaxed);
  function.start.store(code, std::memory_order_release);
  return code;
}

void ModuleCode::hand_over(uint32_t index, const runtime::CodeBinder& binder) const {
  const std::lock_guard lock(mutex_);
  binder_.store(&binder, std::memory_order_relaxed);
  Function& function = functions_[index - module_.imported_functions];
  const Word* start = function.start.load(std::memory_order_relaxed);
  if (start != nullptr && handed_over(start) != nullptr) return;
  const wasm::TypeDef& type = module_.function_type(index);
  if (start == nullptr) make_frame(function, empty_frame(type), type);
  const Word instruction[] = {reinterpret_cast<Word>(kControl.tail_handed_over),
                              Word{function.link} << 32 | Word{type.param_slots} << 48, index, type.result_slots,
                              reinterpret_cast<Word>(&function)};
  Word* code = allocate(std::size(instruction));
  std::ranges::copy(instruction, code);
  function.start.store(code, std::memory_order_release);
}

runtime::Func* ModuleCode::rebound(VMContext* context, uint32_t function) const {
  runtime::Func* func = context->instance->func(function);
  if (func->entry == interp_entry) binder_.load(std::memory_order_relaxed)->bind(*func);
  return func;
}

const Function& ModuleCode::function_at(const Word* pc) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(translated_, [pc](const Function* function) {
    const Word* code = function->code.load(std::memory_order_relaxed);
    return code <= pc && pc < code + function->code_words;
  });
  assert(found != translated_.end());
  return **found;
}

uint64_t ModuleCode::offset_at(const Function& function, const Word* pc) const {
  const uint32_t index = index_of(function);
  const auto position = static_cast<uint32_t>(pc - function.code.load(std::memory_order_relaxed));
  Translation again;
  // The functions are only named, not changed.
  if (!read(module_, config_, functions_.get(), const_cast<Function&>(function), index, true, again)) {
    return module_.functions[index].body_offset;
  }
  const auto after = std::ranges::upper_bound(again.offsets, position, {}, &std::pair<uint32_t, uint32_t>::first);
  return after == again.offsets.begin() ? module_.functions[index].body_offset : std::prev(after)->second;
}

}  // namespace wherry::interp
