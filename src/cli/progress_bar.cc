#include "cli/progress_bar.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "platform/clock.h"

namespace wherry::cli {

namespace {
constexpr uint64_t kPatience = 1'000'000'000;  ///< Before there is a bar at all.
constexpr uint64_t kRedraw = 100'000'000;
constexpr uint64_t kWidth = 30;
}  // namespace

ProgressBar::ProgressBar(std::string label) : label_(std::move(label)), begin_ns_(platform::monotonic_ns()) {
  if (isatty(STDERR_FILENO) == 0) label_.clear();
}

ProgressBar::~ProgressBar() {
  if (shown_ns_ != 0) fmt::print(stderr, "\r\033[K");
}

void ProgressBar::show(uint64_t done, uint64_t total) {
  const uint64_t now = platform::monotonic_ns();
  if (label_.empty() || total == 0 || now - begin_ns_ < kPatience || now - shown_ns_ < kRedraw) return;
  shown_ns_ = now;
  const uint64_t filled = std::min(done * kWidth / total, kWidth);
  fmt::print(stderr, "\r{} [{:=<{}}{: <{}}] {:3}%", label_, "", filled, "", kWidth - filled, done * 100 / total);
  std::fflush(stderr);
}

}  // namespace wherry::cli
