#include "module_generator.h"

#include <array>
#include <bit>
#include <cstddef>
#include <string_view>
#include <utility>

#include "body_generator.h"
#include "wasm/binary_format.h"
#include "wasm/encoder.h"

namespace wherry::fuzz {
namespace {

using wasm::Encoder;
using wasm::ImmKind;
using wasm::Op;
using wasm::SectionId;
using wasm::VectorSection;

void write_types(Encoder& out, std::string_view letters) {
  out.u32(static_cast<uint32_t>(letters.size()));
  for (char letter : letters) write_type(out, letter);
}

std::string random_types(Choices& choices, uint32_t at_most) {
  std::string types;
  for (uint32_t n = choices.below(at_most + 1); n > 0; --n)
    types.push_back(kTypeLetters[choices.below(kTypeLetters.size())]);
  return types;
}

ModuleShape make_shape(Choices& choices) {
  ModuleShape shape;
  shape.func_types = {{"", ""}, {std::string(kTagParams), ""}, {"", std::string(kTagParams)}};
  for (uint32_t n = 2 + choices.below(5); n > 0; --n) {
    std::string params = random_types(choices, 4), results = random_types(choices, 2);
    shape.func_types.push_back({std::move(params), std::move(results)});
  }
  for (uint32_t n = 1 + choices.below(5); n > 0; --n) {
    shape.functions.push_back(choices.below(static_cast<uint32_t>(shape.func_types.size())));
  }
  return shape;
}

/// In the order of kFieldLetters, all mutable; packed fields too.
void write_gc_types(Encoder& out) {
  constexpr uint8_t kMutable = 1;
  out.byte(wasm::type_code::kStruct);
  out.u32(static_cast<uint32_t>(kFieldLetters.size()));
  for (char letter : kFieldLetters) {
    write_type(out, letter);
    out.byte(kMutable);
  }
  for (char letter : kArrayLetters) {
    out.byte(wasm::type_code::kArray);
    write_type(out, letter);
    out.byte(kMutable);
  }
}

void write_const_zero(Encoder& out, char type, int32_t i32 = 0) {
  auto op = [&](Op which) { out.opcode(wasm::info(which).code); };
  switch (type) {
    case 'i':
      op(Op::kI32Const);
      out.s32(i32);
      break;
    case 'l':
      op(Op::kI64Const);
      out.s64(0);
      break;
    case 'f':
      op(Op::kF32Const);
      out.fixed(uint32_t{0});
      break;
    case 'd':
      op(Op::kF64Const);
      out.fixed(uint64_t{0});
      break;
    case 'v':
      op(Op::kV128Const);
      out.v128({});
      break;
    default:
      op(Op::kRefNull);
      write_heap_type(out, type);
  }
  op(Op::kEnd);
}

void write_export(VectorSection& exports, char prefix, size_t index, ExternKind kind) {
  Encoder& out = exports.add();
  out.name(prefix + std::to_string(index));
  out.byte(static_cast<uint8_t>(kind));
  out.u32(static_cast<uint32_t>(index));
}

}  // namespace

GeneratedModule generate_module(std::span<const uint8_t> seed) {
  Choices choices(seed);
  const ModuleShape shape = make_shape(choices);
  GeneratedModule result;
  VectorSection types, functions, tables, memories, tags, globals, exports, elements, code, data;

  for (const FuncType& type : shape.func_types) {
    Encoder& out = types.add();
    out.byte(wasm::type_code::kFunc);
    write_types(out, type.params);
    write_types(out, type.results);
  }
  write_gc_types(types.items);
  types.count += 1 + static_cast<uint32_t>(kArrayLetters.size());

  for (const TableShape& table : kTables) {
    Encoder& out = tables.add();
    write_type(out, table.element);
    out.byte(wasm::limits_flag::kHasMax | (table.is64 ? wasm::limits_flag::k64 : 0));
    out.u32(table.min);
    out.u32(table.min + 8);
  }
  for (const MemoryShape& memory : kMemories) {
    Encoder& out = memories.add();
    out.byte(wasm::limits_flag::kHasMax | (memory.is64 ? wasm::limits_flag::k64 : 0));
    out.u32(1);
    out.u32(memory.max);
  }
  for (uint32_t type : kTagTypes) {
    Encoder& out = tags.add();
    out.byte(0);
    out.u32(type);
  }

  auto add_global = [&](char type, int32_t value) {
    Encoder& out = globals.add();
    write_type(out, type);
    out.byte(1);
    write_const_zero(out, type, value);
  };
  add_global('i', kFuel);
  for (char type : kTypeLetters) add_global(type, 0);

  for (size_t i = 0; i < shape.functions.size(); ++i) {
    functions.add().u32(shape.functions[i]);
    result.params.push_back(shape.func_types[shape.functions[i]].params);
    write_export(exports, 'f', i, ExternKind::kFunc);
  }
  for (size_t i = 0; i < kTables.size(); ++i) write_export(exports, 't', i, ExternKind::kTable);
  for (size_t i = 0; i < kMemories.size(); ++i) write_export(exports, 'm', i, ExternKind::kMemory);
  for (size_t i = 0; i < globals.count; ++i) write_export(exports, 'g', i, ExternKind::kGlobal);

  // Segment kElemSegments - 1 is passive, the first fills table 0. Both list the functions in turn.
  for (uint32_t passive = 0; passive < kElemSegments; ++passive) {
    Encoder& out = elements.add();
    out.u32(passive);
    if (passive == 0) {
      write_const_zero(out, 'i');
    } else {
      out.byte(0);  // element kind: functions
    }
    out.u32(kTables[0].min - 1);
    for (uint32_t i = 0; i + 1 < kTables[0].min; ++i) out.u32(i % static_cast<uint32_t>(shape.functions.size()));
  }
  for (uint32_t passive = 0; passive < kDataSegments; ++passive) {
    Encoder& out = data.add();
    out.u32(passive == 0 ? 0 : 1);
    if (passive == 0) write_const_zero(out, 'i', 16);
    out.u32(64);
    for (uint32_t i = 0; i < 64; ++i) out.byte(choices.byte());
  }

  for (uint32_t type : shape.functions) code.add().sized(generate_body(shape, shape.func_types[type], choices));

  Encoder module;
  module.bytes(wasm::kModuleHeader);
  append_section(module, SectionId::kType, types);
  append_section(module, SectionId::kFunction, functions);
  append_section(module, SectionId::kTable, tables);
  append_section(module, SectionId::kMemory, memories);
  append_section(module, SectionId::kTag, tags);
  append_section(module, SectionId::kGlobal, globals);
  append_section(module, SectionId::kExport, exports);
  append_section(module, SectionId::kElement, elements);
  Encoder count;
  count.u32(kDataSegments);
  append_section(module, SectionId::kDataCount, count.view());
  append_section(module, SectionId::kCode, code);
  append_section(module, SectionId::kData, data);
  result.binary = module.take();
  return result;
}

}  // namespace wherry::fuzz
