#include "wherry/memory.h"

#include "api/store_state.h"
#include "runtime/memory.h"

namespace wherry {
namespace {

Result<> check_limits(const MemoryType& type) {
  if (type.page_size_log2 != 16 && type.page_size_log2 != 0)
    return fail(ErrorCode::kInvalid, "invalid custom page size");
  const unsigned address_bits = type.is64 ? 64 : 32;
  const unsigned page_bits = address_bits - type.page_size_log2;
  const uint64_t most = page_bits == 64 ? ~uint64_t{0} : uint64_t{1} << page_bits;
  if (type.limits.min > most || type.limits.max.value_or(0) > most) return fail(ErrorCode::kInvalid, "memory size");
  if (type.limits.max.has_value() && type.limits.min > *type.limits.max) {
    return fail(ErrorCode::kInvalid, "size minimum must not be greater than maximum");
  }
  if (type.shared && !type.limits.max.has_value()) {
    return fail(ErrorCode::kInvalid, "shared memory must have maximum");
  }
  return {};
}

MemoryType current_type(const runtime::Memory& memory) {
  MemoryType type = memory.type();
  type.limits.min = memory.pages();
  return type;
}

}  // namespace

Result<SharedMemory> SharedMemory::make(const Engine& engine, const MemoryType& type) {
  if (!type.shared) return fail(ErrorCode::kInvalid, "memory is not shared");
  WHERRY_CHECK(check_limits(type));
  WHERRY_TRY(auto memory, runtime::Memory::make(type, engine.config().bounds, engine.config().max_memory_bytes));
  return SharedMemory(std::move(memory));
}

MemoryType SharedMemory::type() const { return current_type(*memory_); }

Result<Memory> Memory::make(StoreRef store, const MemoryType& type) {
  WHERRY_CHECK(check_limits(type));
  WHERRY_TRY(runtime::Memory * memory, store.state().new_memory(type));
  return Memory(store, *memory);
}

Memory Memory::use(StoreRef store, const SharedMemory& shared) {
  return {store, *store.state().shared_memory(shared.impl())};
}

std::optional<SharedMemory> Memory::shared() const {
  if (!memory_->type().shared) return std::nullopt;
  return SharedMemory(memory_->shared_from_this());
}

MemoryType Memory::type() const { return current_type(*memory_); }

uint64_t Memory::pages() const { return memory_->pages(); }

Result<uint64_t> Memory::grow(uint64_t pages) const {
  const uint64_t old = memory_->grow(pages);
  if (old == runtime::Memory::kGrowFailed) return fail(ErrorCode::kLimit, "memory cannot grow");
  return old;
}

std::span<uint8_t> Memory::data() const { return memory_->contents(); }

bool Memory::read(uint64_t address, std::span<uint8_t> to) const {
  const std::span<uint8_t> bytes = data();
  if (address > bytes.size() || to.size() > bytes.size() - address) return false;
  if (!to.empty()) std::memcpy(to.data(), bytes.data() + address, to.size());
  return true;
}

bool Memory::write(uint64_t address, std::span<const uint8_t> from) const {
  const std::span<uint8_t> bytes = data();
  if (address > bytes.size() || from.size() > bytes.size() - address) return false;
  if (!from.empty()) std::memcpy(bytes.data() + address, from.data(), from.size());
  return true;
}

std::optional<std::string> Memory::read_string(uint64_t address, uint64_t length) const {
  const std::span<uint8_t> bytes = data();
  if (address > bytes.size() || length > bytes.size() - address) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(bytes.data()) + address, length);
}

}  // namespace wherry
