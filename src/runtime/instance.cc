#include "runtime/instance.h"

#include <algorithm>
#include <cassert>
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

// The memory behind this object is zero.
Instance::Instance(Store& store, const InstanceTemplate& instance_template)
    : store_(store), template_(instance_template), layout_(instance_template.layout()) {
  const wasm::Module& m = module();
  VMContext& context = *new (this->context()) VMContext{};
  context.exec = &store.exec_;
  context.libcalls = kLibcalls;
  context.memories = at<MemoryView*>(layout_.memory_views);
  context.tables = at<TableView*>(layout_.table_views);
  context.globals = at<Slot*>(layout_.global_cells);
  context.funcs = at<Func*>(layout_.funcs);
  context.types = m.types.data();
  context.instance = this;
  context.memories[0] = &no_memory_;
  for (size_t i = m.imported_globals; i < m.globals.size(); ++i) {
    context.globals[i] = global_cell(&context, static_cast<uint32_t>(i - m.imported_globals));
  }
}

Func* Instance::make_func(uint32_t index) {
  Func* const func = store_.arena_.make<Func>(Func{.entry = nullptr,
                                                   .type = module().functions[index].type,
                                                   .index = index,
                                                   .context = context(),
                                                   .code = nullptr,
                                                   .host = nullptr});
  template_.code().bind(*func);
  return context()->funcs[index] = func;
}

Global* Instance::global(uint32_t index) {
  Global*& global = at<Global*>(layout_.globals)[index];
  if (global == nullptr) {
    global = store_.arena_.make<Global>(Global{module().globals[index].type, context()->globals[index]});
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
  const wasm::Export* found = module().find_export(name);
  if (found == nullptr) return std::nullopt;
  return extern_at(found->kind, found->index);
}

Func* Instance::start_function() { return module().start ? func(*module().start) : nullptr; }

Ref Instance::element(uint32_t segment, uint32_t index) {
  assert(index < element_count(segment));
  if (const Ref* values = element_values(segment); values != nullptr) return values[index];
  const wasm::ElementSegment& declared = module().elements[segment];
  if (declared.expressions.empty()) return reinterpret_cast<Ref>(func(declared.functions[index]));
  const wasm::ConstExpr& expression = declared.expressions[index];
  if (expression.kind == wasm::ConstExpr::Kind::kRefNull) return 0;
  assert(expression.kind == wasm::ConstExpr::Kind::kRefFunc);
  return reinterpret_cast<Ref>(func(static_cast<uint32_t>(expression.bits)));
}

void Instance::visit_roots(RootVisitor& visitor) {
  const wasm::Module& m = module();
  const wasm::TypeRegistry& types = *m.registry;
  for (size_t i = m.imported_globals; i < m.globals.size(); ++i) {
    if (is_gc_reference(m.globals[i].type.type, types)) visitor.visit(*context()->globals[i]);
  }
  for (uint32_t i = 0; i < m.elements.size(); ++i) {
    const Ref* values = element_values(i);
    if (values == nullptr || !is_gc_reference(m.elements[i].type, types)) continue;
    const uint64_t count = element_count(i);
    for (uint64_t j = 0; j < count; ++j) visitor.visit(values[j]);
  }
}

// Spec: https://webassembly.github.io/spec/core/exec/modules.html#instantiation
Result<> Instance::initialize(std::span<const Extern> imports, TrapKind* trap) {
  const wasm::Module& m = module();
  VMContext& context = *this->context();
  take_imports(imports);
  WHERRY_CHECK(make_memories());
  WHERRY_CHECK(make_tables());
  context.memory0 = context.memories[0];
  if (!m.memories.empty() && Memory::is_guarded(memory(0)->type(), memory(0)->bounds())) {
    context.guarded_base0 = memory(0)->view()->base;
  }
  for (size_t i = m.imported_tags; i < m.tags.size(); ++i) {
    at<Tag*>(layout_.tags)[i] = store_.new_tag(m.tags[i].type);
  }
  const std::span<const Slot> constants = template_.constant_globals();
  if (!constants.empty()) {
    std::ranges::copy(constants, global_cell(&context, 0));
  } else {
    *trap = evaluate_globals();
  }
  if (*trap == TrapKind::kNone) *trap = evaluate_tables_and_elements();
  if (template_.is_static()) {
    std::ranges::copy(template_.dropped_data(), dropped_data());
    std::ranges::copy(template_.dropped_elements(), dropped_elements());
  } else if (*trap == TrapKind::kNone) {
    *trap = run_active_segments();
  }
  if (*trap != TrapKind::kNone) return fail(ErrorCode::kTrap, std::string(message(*trap)));
  return {};
}

void Instance::take_imports(std::span<const Extern> imports) {
  const wasm::Module& m = module();
  VMContext& context = *this->context();
  assert(imports.size() == m.imports.size());
  for (size_t i = 0; i < imports.size(); ++i) {
    const Extern& value = imports[i];
    const uint32_t index = m.imports[i].index;
    switch (value.kind()) {
      case ExternKind::kFunc:
        context.funcs[index] = value.func();
        break;
      case ExternKind::kTable:
        at<Table*>(layout_.tables)[index] = value.table();
        context.tables[index] = value.table()->view();
        break;
      case ExternKind::kMemory:
        assert(Memory::is_guarded(value.memory()->type(), value.memory()->bounds()) ==
               Memory::is_guarded(m.memories[index], store_.bounds()));
        at<Memory*>(layout_.memories)[index] = value.memory();
        context.memories[index] = value.memory()->view();
        break;
      case ExternKind::kGlobal:
        at<Global*>(layout_.globals)[index] = value.global();
        context.globals[index] = value.global()->cell;
        break;
      case ExternKind::kTag:
        at<Tag*>(layout_.tags)[index] = value.tag();
        break;
    }
  }
}

Result<> Instance::make_memories() {
  const wasm::Module& m = module();
  for (size_t i = m.imported_memories; i < m.memories.size(); ++i) {
    const MemoryImage* image = template_.is_static() ? &template_.image(i - m.imported_memories) : nullptr;
    WHERRY_TRY(Memory * memory, store_.new_memory(m.memories[i], image));
    at<Memory*>(layout_.memories)[i] = memory;
    context()->memories[i] = memory->view();
  }
  return {};
}

Result<> Instance::make_tables() {
  const wasm::Module& m = module();
  for (size_t i = m.imported_tables; i < m.tables.size(); ++i) {
    WHERRY_TRY(Table * table, store_.new_table(m.tables[i].type, 0));
    if (template_.is_static()) table->fill_lazily(*this, template_.table_functions(i - m.imported_tables));
    at<Table*>(layout_.tables)[i] = table;
    context()->tables[i] = table->view();
  }
  return {};
}

TrapKind Instance::evaluate_globals() {
  const wasm::Module& m = module();
  InstanceConstHost host(*this);
  for (size_t i = m.imported_globals; i < m.globals.size(); ++i) {
    const auto value = wasm::evaluate(m, *m.globals[i].init, host);
    if (!value) return value.error();
    Slot* const cell = context()->globals[i];
    cell[0] = value->low;
    cell[1] = value->high;
  }
  return TrapKind::kNone;
}

TrapKind Instance::evaluate_tables_and_elements() {
  const wasm::Module& m = module();
  InstanceConstHost host(*this);
  for (size_t i = m.imported_tables; i < m.tables.size(); ++i) {
    if (!m.tables[i].init) continue;
    const auto value = wasm::evaluate(m, *m.tables[i].init, host);
    if (!value) return value.error();
    const TableView& view = *context()->tables[i];
    if (value->low != 0) std::fill_n(view.elements, view.size, value->low);
  }
  for (size_t i = 0; i < m.elements.size(); ++i) {
    if (!template_.has_values(i)) continue;
    const wasm::ElementSegment& segment = m.elements[i];
    auto* const values = static_cast<Ref*>(store_.arena_.allocate_zeroed(segment.size() * sizeof(Ref)));
    element_values(i) = values;
    for (size_t j = 0; j < segment.size(); ++j) {
      const auto value = wasm::evaluate(m, segment.expressions[j], host);
      if (!value) return value.error();
      values[j] = value->low;
    }
  }
  return TrapKind::kNone;
}

TrapKind Instance::run_active_segments() {
  const wasm::Module& m = module();
  VMContext* const context = this->context();
  InstanceConstHost host(*this);
  for (uint32_t i = 0; i < m.elements.size(); ++i) {
    const wasm::ElementSegment& segment = m.elements[i];
    if (segment.mode == wasm::SegmentMode::kActive) {
      const auto offset = wasm::evaluate(m, segment.offset, host);
      if (!offset) return offset.error();
      const auto size = static_cast<uint32_t>(segment.size());
      const TrapKind trap = ops::table_init(context, i, segment.table, offset->low, 0, size);
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
    const TrapKind trap = ops::memory_init(context, i, segment.memory, offset->low, 0, size);
    if (trap != TrapKind::kNone) return trap;
    drop_data(i);
  }
  return TrapKind::kNone;
}

}  // namespace wherry::runtime
