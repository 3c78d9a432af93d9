// How far something is, on a terminal, once it takes longer than a second.
#pragma once

#include <cstdint>
#include <string>

namespace wherry::cli {

/// Shows nothing where standard error is no terminal, or the label is empty. Gone from the terminal when it goes.
class ProgressBar {
 public:
  explicit ProgressBar(std::string label);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// By one thread at a time.
  void show(uint64_t done, uint64_t total);

 private:
  std::string label_;
  uint64_t begin_ns_;
  uint64_t shown_ns_ = 0;
};

}  // namespace wherry::cli
