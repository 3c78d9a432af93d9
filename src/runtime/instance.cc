#include "runtime/instance.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <new>

#include "runtime/gc_heap.h"
#include "runtime/libcalls.h"
#include "runtime/operations.h"
#include "runtime/store.h"
#include "wasm/const_expr.h"

namespace wherry::runtime {

namespace {

/// Answers constant expressions from an instance whose globals are being initialised.
class InstanceConstHost final : public wasm::ConstHost {
 public:
  explicit InstanceConstHost(Instance& instance) : instance_(instance), context_(instance.context()) {}

  wasm::ConstValue global(uint32_t index) override {
    const Slot* cell = context_->globals[index];
    return {cell[0], instance_.module().globals[index].type.type.is_vec() ? cell[1] : 0};
  }
  uint64_t ref_func(uint32_t index) override { return reinterpret_cast<Ref>(instance_.func(index)); }
  uint64_t ref_i31(uint32_t value) override { return i31_ref(value); }
  uint64_t any_convert_extern(uint64_t ref) override { return ref; }
  uint64_t extern_convert_any(uint64_t ref) override { return ref; }

  std::expected<uint64_t, TrapKind> new_struct(TypeId type, std::span<const wasm::ConstValue> fields) override {
    const wasm::TypeDef& def = instance_.module().registry->get(type);
    std::vector<Slot> slots;
    for (size_t i = 0; i < fields.size(); ++i) append(slots, fields[i], def.fields[i].type);
    return result([&](Ref* ref) { return ops::struct_new(context_, type, slots.data(), ref); });
  }

  std::expected<uint64_t, TrapKind> new_array(TypeId type, wasm::ConstValue element, uint32_t length) override {
    const Slot value[2] = {element.low, element.high};
    return result([&](Ref* ref) { return ops::array_new(context_, type, value, length, ref); });
  }

  std::expected<uint64_t, TrapKind> new_array_fixed(TypeId type, std::span<const wasm::ConstValue> elements) override {
    const ValType element_type = instance_.module().registry->get(type).fields[0].type;
    std::vector<Slot> slots;
    for (const wasm::ConstValue& element : elements) append(slots, element, element_type);
    return result([&](Ref* ref) {
      return ops::array_new_fixed(context_, type, slots.data(), static_cast<uint32_t>(elements.size()), ref);
    });
  }

 private:
  static void append(std::vector<Slot>& slots, const wasm::ConstValue& value, ValType type) {
    slots.push_back(value.low);
    if (type.is_vec()) slots.push_back(value.high);
  }
  template <class F>
  static std::expected<uint64_t, TrapKind> result(F make) {
    Ref ref = 0;
    const TrapKind trap = make(&ref);
    if (trap != TrapKind::kNone) return std::unexpected(trap);
    return ref;
  }

  Instance& instance_;
  VMContext* context_;
};

}  // namespace

Instance::Instance(Store& store, std::shared_ptr<const wasm::Module> module, std::shared_ptr<const CodeBinder> code)
    : store_(store), module_(std::move(module)), code_(std::move(code)) {
  const wasm::Module& m = *module_;
  const size_t defined_globals = m.globals.size() - m.imported_globals;
  const size_t cells = global_cell_offset(static_cast<uint32_t>(defined_globals));
  const size_t memories = std::max<size_t>(m.memories.size(), 1);
  const size_t pointers = memories + m.tables.size() + m.globals.size() + m.functions.size();
  void* storage = std::calloc(1, cells + pointers * sizeof(void*));
  if (storage == nullptr) std::abort();
  context_ = new (storage) VMContext{};
  auto** next = reinterpret_cast<void**>(static_cast<char*>(storage) + cells);
  const auto take = [&next](size_t count) { return std::exchange(next, next + count); };
  context_->memories = reinterpret_cast<MemoryView**>(take(memories));
  context_->tables = reinterpret_cast<TableView**>(take(m.tables.size()));
  context_->globals = reinterpret_cast<Slot**>(take(m.globals.size()));
  context_->funcs = reinterpret_cast<Func**>(take(m.functions.size()));
  context_->exec = &store.exec_;
  context_->libcalls = kLibcalls;
  context_->types = m.types.data();
  context_->instance = this;
  context_->memories[0] = &no_memory_;
  for (size_t i = 0; i < defined_globals; ++i) {
    context_->globals[m.imported_globals + i] = global_cell(context_, static_cast<uint32_t>(i));
  }
}

Instance::~Instance() { std::free(context_); }

std::shared_ptr<Memory> Instance::shared_memory(uint32_t index) const { return memories_[index]->shared_from_this(); }

Func* Instance::make_func(uint32_t index) {
  Func& func = made_funcs_.emplace_back(Func{.entry = nullptr,
                                             .type = module_->functions[index].type,
                                             .index = index,
                                             .context = context_,
                                             .code = nullptr,
                                             .host = nullptr});
  code_->bind(func);
  return context_->funcs[index] = &func;
}

Global* Instance::global(uint32_t index) {
  Global*& global = globals_[index];
  if (global == nullptr) {
    global = &store_.globals_.emplace_back(Global{module_->globals[index].type, context_->globals[index]});
  }
  return global;
}

Extern Instance::extern_at(ExternKind kind, uint32_t index) {
  switch (kind) {
    case ExternKind::kFunc:
      return func(index);
    case ExternKind::kTable:
      return table(index);
    case ExternKind::kMemory:
      return memory(index);
    case ExternKind::kGlobal:
      return global(index);
    case ExternKind::kTag:
      return tag(index);
  }
  std::unreachable();
}

std::optional<Extern> Instance::find_export(std::string_view name) {
  const wasm::Export* found = module_->find_export(name);
  if (found == nullptr) return std::nullopt;
  return extern_at(found->kind, found->index);
}

Func* Instance::start_function() { return module_->start ? func(*module_->start) : nullptr; }

Ref Instance::element(uint32_t segment, uint32_t index) {
  const Elements& elements = elements_[segment];
  assert(index < elements.size);
  if (!elements.refs.empty()) return elements.refs[index];
  return reinterpret_cast<Ref>(func(module_->elements[segment].functions[index]));
}

void Instance::drop_elements(uint32_t index) { elements_[index] = {}; }

void Instance::visit_roots(RootVisitor& visitor) {
  const wasm::TypeRegistry& types = *module_->registry;
  for (size_t i = module_->imported_globals; i < module_->globals.size(); ++i) {
    if (is_gc_reference(module_->globals[i].type.type, types)) visitor.visit(*context_->globals[i]);
  }
  for (size_t i = 0; i < elements_.size(); ++i) {
    if (elements_[i].refs.empty() || !is_gc_reference(module_->elements[i].type, types)) continue;
    for (const Ref ref : elements_[i].refs) visitor.visit(ref);
  }
}

// Spec: https://webassembly.github.io/spec/core/exec/modules.html#instantiation
Result<> Instance::initialize(std::span<const Extern> imports, TrapKind* trap) {
  take_imports(imports);
  WHERRY_CHECK(make_tables_and_memories());
  context_->memory0 = context_->memories[0];
  if (!memories_.empty() && Memory::is_guarded(memories_[0]->type(), memories_[0]->bounds())) {
    context_->guarded_base0 = memories_[0]->view()->base;
  }
  for (size_t i = module_->imported_tags; i < module_->tags.size(); ++i) {
    tags_.push_back(store_.new_tag(module_->tags[i].type));
  }
  for (const wasm::DataSegment& segment : module_->data) data_.push_back(segment.bytes);
  *trap = evaluate_initializers();
  if (*trap == TrapKind::kNone) *trap = run_active_segments();
  if (*trap != TrapKind::kNone) return fail(ErrorCode::kTrap, std::string(message(*trap)));
  return {};
}

void Instance::take_imports(std::span<const Extern> imports) {
  const wasm::Module& m = *module_;
  assert(imports.size() == m.imports.size());
  globals_.resize(m.globals.size());
  for (size_t i = 0; i < imports.size(); ++i) {
    const Extern& value = imports[i];
    const uint32_t index = m.imports[i].index;
    switch (value.kind()) {
      case ExternKind::kFunc:
        context_->funcs[index] = value.func();
        break;
      case ExternKind::kTable:
        tables_.push_back(value.table());
        context_->tables[index] = value.table()->view();
        break;
      case ExternKind::kMemory:
        assert(Memory::is_guarded(value.memory()->type(), value.memory()->bounds()) ==
               Memory::is_guarded(m.memories[index], store_.bounds()));
        memories_.push_back(value.memory());
        context_->memories[index] = value.memory()->view();
        break;
      case ExternKind::kGlobal:
        globals_[index] = value.global();
        context_->globals[index] = value.global()->cell;
        break;
      case ExternKind::kTag:
        tags_.push_back(value.tag());
        break;
    }
  }
}

Result<> Instance::make_tables_and_memories() {
  const wasm::Module& m = *module_;
  for (size_t i = m.imported_memories; i < m.memories.size(); ++i) {
    WHERRY_TRY(Memory * memory, store_.new_memory(m.memories[i]));
    memories_.push_back(memory);
    context_->memories[i] = memory->view();
  }
  for (size_t i = m.imported_tables; i < m.tables.size(); ++i) {
    WHERRY_TRY(Table * table, store_.new_table(m.tables[i].type, 0));
    tables_.push_back(table);
    context_->tables[i] = table->view();
  }
  return {};
}

TrapKind Instance::evaluate_initializers() {
  const wasm::Module& m = *module_;
  InstanceConstHost host(*this);
  for (size_t i = m.imported_globals; i < m.globals.size(); ++i) {
    const auto value = wasm::evaluate(m, *m.globals[i].init, host);
    if (!value) return value.error();
    context_->globals[i][0] = value->low;
    context_->globals[i][1] = value->high;
  }
  for (size_t i = m.imported_tables; i < m.tables.size(); ++i) {
    if (!m.tables[i].init) continue;
    const auto value = wasm::evaluate(m, *m.tables[i].init, host);
    if (!value) return value.error();
    const TableView& view = *context_->tables[i];
    if (value->low != 0) std::fill_n(view.elements, view.size, value->low);
  }
  for (const wasm::ElementSegment& segment : m.elements) {
    Elements& elements = elements_.emplace_back();
    elements.size = segment.size();
    elements.refs.reserve(segment.expressions.size());
    for (const wasm::ConstExpr& expression : segment.expressions) {
      const auto value = wasm::evaluate(m, expression, host);
      if (!value) return value.error();
      elements.refs.push_back(value->low);
    }
  }
  return TrapKind::kNone;
}

TrapKind Instance::run_active_segments() {
  const wasm::Module& m = *module_;
  InstanceConstHost host(*this);
  for (uint32_t i = 0; i < m.elements.size(); ++i) {
    const wasm::ElementSegment& segment = m.elements[i];
    if (segment.mode == wasm::SegmentMode::kActive) {
      const auto offset = wasm::evaluate(m, segment.offset, host);
      if (!offset) return offset.error();
      const auto size = static_cast<uint32_t>(segment.size());
      const TrapKind trap = ops::table_init(context_, i, segment.table, offset->low, 0, size);
      if (trap != TrapKind::kNone) return trap;
    }
    if (segment.mode != wasm::SegmentMode::kPassive) drop_elements(i);
  }
  for (uint32_t i = 0; i < m.data.size(); ++i) {
    const wasm::DataSegment& segment = m.data[i];
    if (segment.mode != wasm::SegmentMode::kActive) continue;
    const auto offset = wasm::evaluate(m, segment.offset, host);
    if (!offset) return offset.error();
    const auto size = static_cast<uint32_t>(segment.bytes.size());
    const TrapKind trap = ops::memory_init(context_, i, segment.memory, offset->low, 0, size);
    if (trap != TrapKind::kNone) return trap;
    drop_data(i);
  }
  return TrapKind::kNone;
}

}  // namespace wherry::runtime
