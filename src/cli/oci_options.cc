#include "cli/oci_options.h"

#include <algorithm>

namespace wherry::cli {

Result<Words> Words::parse(std::span<const std::string> args, std::span<const OptionSpec> specs, bool stop_at_word,
                           size_t* used) {
  Words result;
  size_t i = 0;
  for (; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (arg == "--") {
      for (++i; i < args.size(); ++i) result.words_.push_back(args[i]);
      break;
    }
    if (arg.size() < 2 || arg[0] != '-') {
      if (stop_at_word) break;
      result.words_.push_back(arg);
      continue;
    }
    const bool is_long = arg.starts_with("--");
    const size_t equals = is_long ? arg.find('=') : arg.npos;
    // runc takes long options with one dash, too.
    const std::string name = arg.substr(is_long ? 2 : 1, equals == arg.npos ? equals : equals - 2);
    const auto spec = std::ranges::find_if(specs, [&](const OptionSpec& row) {
      return row.name == name || (!is_long && row.letter != 0 && row.letter == arg[1]);
    });
    if (spec == specs.end()) return fail(ErrorCode::kInvalid, "unknown option " + arg);
    std::string value;
    if (spec->takes_value) {
      if (equals != arg.npos) {
        value = arg.substr(equals + 1);
      } else if (!is_long && spec->name != name && arg.size() > 2) {
        value = arg.substr(arg[2] == '=' ? 3 : 2);
      } else if (++i < args.size()) {
        value = args[i];
      } else {
        return fail(ErrorCode::kInvalid, "option " + arg + " needs a value");
      }
    } else if (equals != arg.npos && arg.substr(equals + 1) == "false") {
      continue;
    }
    result.options_.emplace_back(spec->name, value);
  }
  if (used != nullptr) {
    *used = i;
  } else if (stop_at_word) {
    result.words_.insert(result.words_.end(), args.begin() + static_cast<ptrdiff_t>(i), args.end());
  }
  return result;
}

std::optional<std::string> Words::get(std::string_view option) const {
  const auto it = std::ranges::find(options_.rbegin(), options_.rend(), option,
                                    [](const auto& pair) -> std::string_view { return pair.first; });
  if (it == options_.rend()) return std::nullopt;
  return it->second;
}

std::vector<std::string> Words::all(std::string_view option) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : options_) {
    if (name == option) values.push_back(value);
  }
  return values;
}

}  // namespace wherry::cli
