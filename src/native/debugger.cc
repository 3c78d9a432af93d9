#include "native/debugger.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>

#include "platform/files.h"

// The names and layouts that gdb knows.
extern "C" {
struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const char* symfile_addr;
  uint64_t symfile_size;
};
struct jit_descriptor {
  uint32_t version;
  uint32_t action_flag;
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
};
/// gdb stops here and looks at the descriptor.
[[gnu::noinline, gnu::visibility("default")]] void __jit_debug_register_code();
[[gnu::visibility("default")]] jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};

void __jit_debug_register_code() { asm volatile("" : : : "memory"); }
}

namespace wherry::native {

namespace {

// As much of ELF as gdb wants: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html

struct ElfHeader {
  std::array<uint8_t, 16> identification;
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, program_headers, section_headers;
  uint32_t flags;
  uint16_t header_size, program_header_size, program_header_count;
  uint16_t section_header_size, section_header_count, section_names;
};
struct ElfSection {
  uint32_t name, type;
  uint64_t flags, address, offset, size;
  uint32_t link, info;
  uint64_t alignment, entry_size;
};
struct ElfSymbol {
  uint32_t name;
  uint8_t info, other;
  uint16_t section;
  uint64_t value, size;
};
static_assert(sizeof(ElfHeader) == 64 && sizeof(ElfSection) == 64 && sizeof(ElfSymbol) == 24);

enum : uint32_t { kNoSection, kText, kEhFrame, kSymbols, kStrings, kNames, kSections };
constexpr uint16_t kExecutable = 2;
constexpr uint32_t kProgramBits = 1, kSymbolTable = 2, kStringTable = 3, kNoBits = 8;
constexpr uint64_t kAllocated = 2, kExecutableSection = 4;
constexpr uint8_t kGlobalFunction = 0x12;
#if defined(__x86_64__)
constexpr uint16_t kMachine = 62;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = 183;
#endif

/// An ELF file in memory that says where functions are. Its text is elsewhere.
std::string symbol_file(const Code& code, const std::vector<CodeSymbol>& symbols) {
  std::string strings(1, '\0');
  std::vector<ElfSymbol> table(1);
  for (const CodeSymbol& symbol : symbols) {
    table.push_back({static_cast<uint32_t>(strings.size()), kGlobalFunction, 0, kText, symbol.address, symbol.size});
    strings += symbol.name + '\0';
  }
  constexpr std::string_view kNameBytes("\0.text\0.eh_frame\0.symtab\0.strtab\0.shstrtab\0", 43);
  const std::span<const uint8_t> unwind =
      code.view().eh_frame.subspan(std::min(code.view().eh_frame.size(), size_t{engine::kPersonalitySlotSize}));

  std::string file(sizeof(ElfHeader) + kSections * sizeof(ElfSection), '\0');
  std::array<ElfSection, kSections> sections{};
  const auto place = [&](uint32_t section, const void* bytes, size_t size) {
    file.resize((file.size() + 15) / 16 * 16, '\0');
    sections[section].offset = file.size();
    sections[section].size = size;
    file.append(static_cast<const char*>(bytes), size);
  };
  place(kEhFrame, unwind.data(), unwind.size());
  place(kSymbols, table.data(), table.size() * sizeof(ElfSymbol));
  place(kStrings, strings.data(), strings.size());
  place(kNames, kNameBytes.data(), kNameBytes.size());
  const auto describe = [&](uint32_t section, std::string_view name, uint32_t type) -> ElfSection& {
    sections[section].name =
        static_cast<uint32_t>(kNameBytes.find(std::string(1, '\0') + std::string(name) + '\0') + 1);
    sections[section].type = type;
    sections[section].alignment = 16;
    return sections[section];
  };
  ElfSection& text = describe(kText, ".text", kNoBits);
  text.flags = kAllocated | kExecutableSection;
  text.address = reinterpret_cast<uint64_t>(code.text());
  text.size = code.view().text.size();
  ElfSection& eh_frame = describe(kEhFrame, ".eh_frame", kProgramBits);
  eh_frame.flags = kAllocated;
  eh_frame.address = reinterpret_cast<uint64_t>(unwind.data());
  ElfSection& symbol_table = describe(kSymbols, ".symtab", kSymbolTable);
  symbol_table.link = kStrings;
  symbol_table.info = 1;
  symbol_table.entry_size = sizeof(ElfSymbol);
  describe(kStrings, ".strtab", kStringTable);
  describe(kNames, ".shstrtab", kStringTable);

  ElfHeader header{};
  header.identification = {0x7F, 'E', 'L', 'F', 2, 1, 1};
  header.type = kExecutable;
  header.machine = kMachine;
  header.version = 1;
  header.section_headers = sizeof(ElfHeader);
  header.header_size = sizeof(ElfHeader);
  header.section_header_size = sizeof(ElfSection);
  header.section_header_count = kSections;
  header.section_names = kNames;
  std::memcpy(file.data(), &header, sizeof header);
  std::memcpy(file.data() + sizeof header, sections.data(), sizeof sections);
  return file;
}

/// Guards __jit_debug_descriptor.
std::mutex& descriptor_mutex() {
  static std::mutex mutex;
  return mutex;
}

enum : uint32_t { kRegister = 1, kUnregister = 2 };

void tell_gdb(uint32_t action, jit_code_entry* entry) {
  __jit_debug_descriptor.relevant_entry = entry;
  __jit_debug_descriptor.action_flag = action;
  __jit_debug_register_code();
  __jit_debug_descriptor.action_flag = 0;
}

}  // namespace

std::vector<CodeSymbol> code_symbols(const Code& code, const wasm::Module& module) {
  const wasm::NameMap names = module.names();
  std::vector<std::string_view> exported(module.functions.size());
  for (const wasm::Export& item : module.exports) {
    if (item.kind == ExternKind::kFunc) exported[item.index] = item.name;
  }
  std::vector<CodeSymbol> symbols;
  for (uint32_t i = 0; i < code.view().functions.size(); ++i) {
    if (code.function(i) == nullptr) continue;
    const uint32_t index = module.imported_functions + i;
    std::string name(names.function_name(index));
    if (name.empty()) name = exported[index];
    if (name.empty()) name = "function[" + std::to_string(index) + "]";
    std::ranges::replace_if(name, [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
    symbols.push_back({reinterpret_cast<uintptr_t>(code.function(i)), code.view().functions[i].code_size, name});
  }
  // Types that share stubs follow one another here.
  std::vector<std::pair<uint32_t, const char*>> stubs;
  for (const engine::ImageType& type : code.view().types) {
    if (type.enter != engine::kNoCode) stubs.emplace_back(type.enter, "(enter)");
    if (type.leave != engine::kNoCode) stubs.emplace_back(type.leave, "(leave)");
  }
  std::ranges::sort(stubs);
  stubs.erase(std::ranges::unique(stubs).begin(), stubs.end());
  for (const auto& [offset, name] : stubs)
    symbols.push_back({reinterpret_cast<uintptr_t>(code.text()) + offset, 0, name});
  std::ranges::sort(symbols, {}, &CodeSymbol::address);
  // A stub ends where the next symbol begins.
  for (size_t i = 0; i < symbols.size(); ++i) {
    if (symbols[i].size != 0) continue;
    const uintptr_t end =
        i + 1 < symbols.size() ? symbols[i + 1].address : reinterpret_cast<uintptr_t>(code.text_end());
    symbols[i].size = end - symbols[i].address;
  }
  return symbols;
}

struct GdbSymbols::Registered {
  std::string file;
  jit_code_entry entry;
};

GdbSymbols::GdbSymbols(const Code& code, const std::vector<CodeSymbol>& symbols)
    : registered_(std::make_unique<Registered>(Registered{symbol_file(code, symbols), {}})) {
  jit_code_entry& entry = registered_->entry;
  entry.symfile_addr = registered_->file.data();
  entry.symfile_size = registered_->file.size();
  const std::lock_guard lock(descriptor_mutex());
  entry.next_entry = __jit_debug_descriptor.first_entry;
  if (entry.next_entry != nullptr) entry.next_entry->prev_entry = &entry;
  __jit_debug_descriptor.first_entry = &entry;
  tell_gdb(kRegister, &entry);
}

GdbSymbols::~GdbSymbols() {
  jit_code_entry& entry = registered_->entry;
  const std::lock_guard lock(descriptor_mutex());
  (entry.prev_entry != nullptr ? entry.prev_entry->next_entry : __jit_debug_descriptor.first_entry) = entry.next_entry;
  if (entry.next_entry != nullptr) entry.next_entry->prev_entry = entry.prev_entry;
  tell_gdb(kUnregister, &entry);
}

bool add_to_perf_map(const std::vector<CodeSymbol>& symbols) {
  const auto hex = [](uint64_t number) {
    std::string digits;
    do {
      digits.insert(digits.begin(), "0123456789abcdef"[number & 15]);
    } while ((number >>= 4) != 0);
    return digits;
  };
  std::string text;
  for (const CodeSymbol& symbol : symbols) {
    text += hex(symbol.address) + ' ' + hex(symbol.size) + ' ' + symbol.name + '\n';
  }
  return platform::append_to_perf_map(text);
}

}  // namespace wherry::native
