// Reading JSON that others wrote: every access is checked, the first mistake is kept with its place.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wherry/result.h"

namespace wherry::oci {

using Json = nlohmann::json;

/// Errors: kSyntax, with the byte offset; kLimit, for a text of more than `max_size` bytes.
Result<Json> parse_json(std::string_view text, std::string_view what, size_t max_size = size_t{16} << 20);

/// The first mistake found while a document is read.
class JsonErrors {
 public:
  explicit JsonErrors(std::string document) : document_(std::move(document)) {}
  void add(const std::string& place, std::string_view why) {
    if (first_.empty()) first_ = document_ + ": " + (place.empty() ? "the document" : place) + ' ' + std::string(why);
  }
  Result<> result() const;

 private:
  const std::string document_;
  std::string first_;
};

/// A value in a document, or its absence. Unknown members are nobody's business; a missing or null value reads as the
/// default; one of the wrong type is a mistake and reads as the default too.
class JsonNode {
 public:
  JsonNode(const Json* value, std::string place, JsonErrors& errors);

  bool exists() const { return value_ != nullptr; }
  const std::string& place() const { return place_; }
  JsonNode member(const char* name) const;
  std::vector<std::pair<std::string, JsonNode>> members() const;
  std::vector<JsonNode> elements() const;

  std::string text(std::string fallback = {}) const;
  bool boolean(bool fallback = false) const;
  std::optional<int64_t> integer() const;
  /// An integer from `low` to `high`.
  std::optional<int64_t> integer(int64_t low, int64_t high) const;
  std::optional<uint64_t> natural() const;
  std::vector<std::string> texts() const;
  std::map<std::string, std::string> text_map() const;

  void complain(std::string_view why) const { errors_->add(place_, why); }

 private:
  const Json* value_;
  std::string place_;
  JsonErrors* errors_;
};

/// A value's text, on one line. Bytes that are no UTF-8 are replaced.
std::string to_text(const Json& value);
/// The same, indented.
std::string to_pretty_text(const Json& value);

}  // namespace wherry::oci
