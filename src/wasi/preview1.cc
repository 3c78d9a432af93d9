#include "wasi/preview1.h"

#include <sched.h>

#include <limits>
#include <utility>

namespace wherry::wasi {

using host::Errno;
using host::error;
using host::HostResult;

namespace {

template <class... Args>
struct Signature {
  static constexpr char kLetters[] = {(sizeof(Args) == sizeof(uint64_t) ? 'I' : 'i')..., '\0'};
  static constexpr std::string_view kParams = {kLetters, sizeof...(Args)};

  template <HostResult<> (Preview1::*function)(Call&, Args...)>
  static Errno invoke(Preview1& self, Call& call, const uint64_t* slots) {
    return [&]<size_t... i>(std::index_sequence<i...>) {
      const HostResult<> result = (self.*function)(call, static_cast<Args>(slots[i])...);
      return result ? Errno::kSuccess : result.error();
    }(std::index_sequence_for<Args...>());
  }
};

template <class... Args>
constexpr Signature<Args...> signature(HostResult<> (Preview1::*)(Call&, Args...)) {
  return {};
}

template <auto function>
constexpr Preview1Function describe(std::string_view name, Preview1Result result, std::string_view identifier = {}) {
  using S = decltype(signature(function));
  return {name, S::kParams, result, identifier.ends_with("_v1"), &S::template invoke<function>};
}

constexpr Preview1Function kFunctions[] = {
#define WHERRY_WASI_FUNCTION(name, result, ...) describe<&Preview1::name>(#name, Preview1Result::result),
#include "wasi/preview1.inc"
#undef WHERRY_WASI_FUNCTION
};
static_assert(std::size(kFunctions) == 46);

constexpr Preview1Function kSocketFunctions[] = {
#define WHERRY_WASI_FUNCTION(identifier, name, ...) \
  describe<&Preview1::identifier>(#name, Preview1Result::kErrno, #identifier),
#include "wasi/sockets.inc"
#undef WHERRY_WASI_FUNCTION
};

/// Stores the number of strings and how many bytes they take, each with its NUL.
HostResult<> store_sizes(const Call& call, const std::vector<std::string>& strings, uint32_t count_out,
                         uint32_t size_out) {
  uint64_t size = 0;
  for (const std::string& s : strings) size += s.size() + 1;
  if (size > std::numeric_limits<uint32_t>::max()) return error(Errno::kOverflow);
  WHERRY_CHECK(call.memory.store(count_out, static_cast<uint32_t>(strings.size())));
  return call.memory.store(size_out, static_cast<uint32_t>(size));
}

/// Stores the strings one after the other at `bytes`, and their addresses at `pointers`.
HostResult<> store_strings(const Call& call, const std::vector<std::string>& strings, uint32_t pointers,
                           uint32_t bytes) {
  uint64_t at = bytes;
  for (size_t i = 0; i < strings.size(); ++i) {
    WHERRY_CHECK(call.memory.store(uint64_t{pointers} + i * sizeof(uint32_t), static_cast<uint32_t>(at)));
    WHERRY_CHECK(call.memory.write(at, std::string_view(strings[i].c_str(), strings[i].size() + 1)));
    at += strings[i].size() + 1;
  }
  return {};
}

HostResult<host::ClockId> clock_id(uint32_t id) {
  if (id >= host::kClockCount) return error(Errno::kInval);
  return static_cast<host::ClockId>(id);
}

}  // namespace

std::span<const Preview1Function> preview1_functions() { return kFunctions; }
std::span<const Preview1Function> socket_functions() { return kSocketFunctions; }

HostResult<> Preview1::args_get(Call& call, uint32_t argv, uint32_t bytes) {
  return store_strings(call, context_.args, argv, bytes);
}

HostResult<> Preview1::args_sizes_get(Call& call, uint32_t count_out, uint32_t size_out) {
  return store_sizes(call, context_.args, count_out, size_out);
}

HostResult<> Preview1::environ_get(Call& call, uint32_t environ, uint32_t bytes) {
  return store_strings(call, context_.environment, environ, bytes);
}

HostResult<> Preview1::environ_sizes_get(Call& call, uint32_t count_out, uint32_t size_out) {
  return store_sizes(call, context_.environment, count_out, size_out);
}

HostResult<> Preview1::clock_res_get(Call& call, uint32_t id, uint32_t resolution_out) {
  WHERRY_TRY(const host::ClockId clock, clock_id(id));
  WHERRY_TRY(const uint64_t resolution, context_.clocks->resolution(clock));
  return call.memory.store(resolution_out, resolution);
}

HostResult<> Preview1::clock_time_get(Call& call, uint32_t id, uint64_t, uint32_t time_out) {
  WHERRY_TRY(const host::ClockId clock, clock_id(id));
  WHERRY_TRY(const uint64_t now, context_.clocks->now(clock));
  return call.memory.store(time_out, now);
}

HostResult<> Preview1::proc_exit(Call& call, uint32_t code) {
  call.exit_code = code;
  return {};
}

HostResult<> Preview1::proc_raise(Call& call, uint32_t signal) {
  // The numbers of WASI; of signal 0 (none) only the number is checked.
  constexpr uint32_t kSignals = 31, kChld = 16, kCont = 17, kStop = 18, kTtou = 21, kUrg = 22, kWinch = 27;
  if (signal >= kSignals) return error(Errno::kInval);
  if (signal == 0 || signal == kChld || signal == kCont || signal == kUrg || signal == kWinch) return {};
  if (signal >= kStop && signal <= kTtou) return error(Errno::kNotsup);
  // A guest has no handlers, so the signal's default action ends it, with the status that a shell would report.
  call.exit_code = 128 + signal;
  return {};
}

HostResult<> Preview1::sched_yield(Call&) {
  ::sched_yield();
  return {};
}

HostResult<> Preview1::random_get(Call& call, uint32_t buffer, uint32_t buffer_len) {
  // In pieces, so that an interrupt need not wait for gigabytes.
  constexpr size_t kPiece = 1 << 20;
  WHERRY_TRY(auto bytes, call.memory.range(buffer, buffer_len));
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kPiece));
    WHERRY_CHECK(context_.random->fill(piece));
    bytes = bytes.subspan(piece.size());
    if (call.waiter.interrupted()) return error(Errno::kIntr);
  }
  return {};
}

}  // namespace wherry::wasi
