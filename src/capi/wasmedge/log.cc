#include "capi/wasmedge/log.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>

namespace wherry::wasmedge {
namespace {

constexpr int kOff = WasmEdge_LogLevel_Critical + 1;

std::atomic<int> least_level = WasmEdge_LogLevel_Error;
std::atomic<WasmEdge_LogCallback_t> callback = nullptr;

constexpr const char* kNames[] = {"trace", "debug", "info", "warning", "error", "critical"};

}  // namespace

void log(WasmEdge_LogLevel level, std::string_view message) {
  if (level < least_level.load(std::memory_order_relaxed)) return;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (const WasmEdge_LogCallback_t told = callback.load(); told != nullptr) {
    const WasmEdge_LogMessage entry{.Message = {static_cast<uint32_t>(message.size()), message.data()},
                                    .LoggerName = {0, ""},
                                    .Level = level,
                                    .Time = now.tv_sec,
                                    .ThreadId = static_cast<uint64_t>(syscall(SYS_gettid))};
    told(&entry);
    return;
  }
  tm parts{};
  localtime_r(&now.tv_sec, &parts);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts);
  std::fprintf(stderr, "[%s.%03ld] [%s] %.*s\n", date, now.tv_nsec / 1'000'000, kNames[level],
               static_cast<int>(message.size()), message.data());
}

}  // namespace wherry::wasmedge

using namespace wherry::wasmedge;

void WasmEdge_LogSetErrorLevel() noexcept { least_level = WasmEdge_LogLevel_Error; }
void WasmEdge_LogSetDebugLevel() noexcept { least_level = WasmEdge_LogLevel_Debug; }
void WasmEdge_LogOff() noexcept { least_level = kOff; }
void WasmEdge_LogSetLevel(WasmEdge_LogLevel level) noexcept {
  if (level >= WasmEdge_LogLevel_Trace && level <= WasmEdge_LogLevel_Critical) least_level = level;
}
void WasmEdge_LogSetCallback(WasmEdge_LogCallback_t function) noexcept { callback = function; }
