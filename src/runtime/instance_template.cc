#include "runtime/instance_template.h"

#include <algorithm>

#include "runtime/instance.h"

namespace wherry::runtime {

namespace {

using wasm::ConstExpr;
using wasm::SegmentMode;

bool is_constant(const ConstExpr& expression) { return expression.kind <= ConstExpr::Kind::kF64; }

/// The function of an element, or nothing if it takes an evaluation.
std::optional<uint32_t> function_of(const ConstExpr& expression) {
  if (expression.kind == ConstExpr::Kind::kRefFunc) return static_cast<uint32_t>(expression.bits);
  if (expression.kind == ConstExpr::Kind::kRefNull) return InstanceTemplate::kNoFunction;
  return std::nullopt;
}

/// Whether [offset, offset + length) lies within `size`; all in the same unit.
bool fits(const ConstExpr& offset, uint64_t length, uint64_t size) {
  return is_constant(offset) && length <= size && offset.bits <= size - length;
}

}  // namespace

InstanceTemplate::InstanceTemplate(std::shared_ptr<const wasm::Module> module, std::shared_ptr<const CodeBinder> code)
    : module_(std::move(module)), code_(std::move(code)) {
  for (const wasm::ElementSegment& segment : module_->elements) {
    has_values_.push_back(
        std::ranges::any_of(segment.expressions, [](const ConstExpr& e) { return !function_of(e).has_value(); }));
  }
  lay_out();
  find_constant_globals();
  is_static_ = has_static_data() && find_static_tables();
  if (!is_static_) return;
  for (const wasm::DataSegment& segment : module_->data) dropped_data_.push_back(segment.mode == SegmentMode::kActive);
  for (const wasm::ElementSegment& segment : module_->elements) {
    dropped_elements_.push_back(segment.mode != SegmentMode::kPassive);
  }
}

void InstanceTemplate::lay_out() {
  const wasm::Module& m = *module_;
  const auto defined_globals = static_cast<uint32_t>(m.globals.size() - m.imported_globals);
  size_t next = 0;
  const auto take = [&next](size_t bytes) {
    const size_t at = next;
    next = platform::round_up(next + bytes, sizeof(Slot));
    return at;
  };
  const auto pointers = [&take](size_t count) { return take(count * sizeof(void*)); };
  take(sizeof(Instance));
  layout_.context = take(global_cell_offset(defined_globals));
  layout_.memory_views = pointers(std::max<size_t>(m.memories.size(), 1));
  layout_.table_views = pointers(m.tables.size());
  layout_.global_cells = pointers(m.globals.size());
  layout_.funcs = pointers(m.functions.size());
  layout_.memories = pointers(m.memories.size());
  layout_.tables = pointers(m.tables.size());
  layout_.globals = pointers(m.globals.size());
  layout_.tags = pointers(m.tags.size());
  layout_.elements = pointers(m.elements.size());
  layout_.dropped_data = take(m.data.size());
  layout_.dropped_elements = take(m.elements.size());
  layout_.bytes = next;
}

void InstanceTemplate::find_constant_globals() {
  const std::span globals = std::span(module_->globals).subspan(module_->imported_globals);
  if (!std::ranges::all_of(globals, [](const wasm::GlobalDecl& global) { return is_constant(*global.init); })) return;
  for (const wasm::GlobalDecl& global : globals) {
    constant_globals_.push_back(global.init->bits);
    constant_globals_.push_back(0);
  }
}

bool InstanceTemplate::has_static_data() const {
  return std::ranges::all_of(module_->data, [this](const wasm::DataSegment& segment) {
    if (segment.mode != SegmentMode::kActive) return true;
    const MemoryType& type = module_->memories[segment.memory];
    return segment.memory >= module_->imported_memories &&
           fits(segment.offset, segment.bytes.size(), type.limits.min << type.page_size_log2);
  });
}

bool InstanceTemplate::find_static_tables() {
  const wasm::Module& m = *module_;
  for (size_t i = m.imported_tables; i < m.tables.size(); ++i) {
    if (m.tables[i].init && m.tables[i].init->kind != ConstExpr::Kind::kRefNull) return false;
  }
  table_functions_.resize(m.tables.size() - m.imported_tables);
  for (size_t i = 0; i < m.elements.size(); ++i) {
    const wasm::ElementSegment& segment = m.elements[i];
    if (segment.mode != SegmentMode::kActive) continue;
    if (segment.table < m.imported_tables || has_values_[i] ||
        !fits(segment.offset, segment.size(), m.tables[segment.table].type.limits.min)) {
      return false;
    }
    // Not for a module that reserves a huge table and fills its end.
    constexpr uint64_t kMostGap = uint64_t{1} << 16;
    std::vector<uint32_t>& functions = table_functions_[segment.table - m.imported_tables];
    if (segment.offset.bits > functions.size() + kMostGap) return false;
    functions.resize(std::max<size_t>(functions.size(), segment.offset.bits + segment.size()), kNoFunction);
    const auto to = functions.begin() + static_cast<ptrdiff_t>(segment.offset.bits);
    if (segment.expressions.empty()) {
      std::ranges::copy(segment.functions, to);
    } else {
      std::ranges::transform(segment.expressions, to, [](const ConstExpr& e) { return *function_of(e); });
    }
  }
  return true;
}

const MemoryImage& InstanceTemplate::image(size_t n) const {
  std::call_once(images_made_, [this] {
    const wasm::Module& m = *module_;
    std::vector<std::vector<platform::SharedImage::Piece>> pieces(m.memories.size() - m.imported_memories);
    for (const wasm::DataSegment& segment : m.data) {
      if (segment.mode != SegmentMode::kActive) continue;
      pieces[segment.memory - m.imported_memories].push_back({segment.offset.bits, segment.bytes});
    }
    for (auto& of_memory : pieces) images_.emplace_back(std::move(of_memory));
  });
  return images_[n];
}

}  // namespace wherry::runtime
