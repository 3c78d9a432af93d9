// The words of wherry-oci's command line. Its options are those of crun and runc, which engines pass as they please
// ("--log x", "--log=x", "-b x", before and after words), and it starts four times in a container's life: hence a small
// parser and not CLI11.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wherry/result.h"

namespace wherry::cli {

struct OptionSpec {
  std::string_view name;
  char letter = 0;
  bool takes_value = false;
  std::string_view help = {};
};

class Words {
 public:
  /// `stop_at_word`: what follows the first word is not looked at (exec, global options). `used`: how many of `args`
  /// belong to it. Error: kInvalid.
  static Result<Words> parse(std::span<const std::string> args, std::span<const OptionSpec> specs, bool stop_at_word,
                             size_t* used = nullptr);

  bool has(std::string_view option) const { return get(option).has_value(); }
  /// The last value, if it was given; empty for one that takes none.
  std::optional<std::string> get(std::string_view option) const;
  std::string text(std::string_view option) const { return get(option).value_or(""); }
  std::vector<std::string> all(std::string_view option) const;
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::vector<std::pair<std::string, std::string>> options_;
  std::vector<std::string> words_;
};

}  // namespace wherry::cli
