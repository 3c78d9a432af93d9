#include "oci/json.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace wherry::oci {

Result<Json> parse_json(std::string_view text, std::string_view what, size_t max_size) {
  if (text.size() > max_size) return fail(ErrorCode::kLimit, std::string(what) + " is too large");
  Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return fail(ErrorCode::kSyntax, std::string(what) + " is not JSON");
  return value;
}

Result<> JsonErrors::result() const {
  if (first_.empty()) return {};
  return fail(ErrorCode::kInvalid, first_);
}

JsonNode::JsonNode(const Json* value, std::string place, JsonErrors& errors)
    : value_(value != nullptr && value->is_null() ? nullptr : value), place_(std::move(place)), errors_(&errors) {}

JsonNode JsonNode::member(const char* name) const {
  std::string place = place_.empty() ? name : place_ + '.' + name;
  if (value_ == nullptr) return {nullptr, std::move(place), *errors_};
  if (!value_->is_object()) {
    complain("is not an object");
    return {nullptr, std::move(place), *errors_};
  }
  const auto it = value_->find(name);
  return {it == value_->end() ? nullptr : &*it, std::move(place), *errors_};
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::members() const {
  std::vector<std::pair<std::string, JsonNode>> result;
  if (value_ == nullptr) return result;
  if (!value_->is_object()) {
    complain("is not an object");
    return result;
  }
  for (auto it = value_->begin(); it != value_->end(); ++it) {
    result.emplace_back(it.key(), JsonNode(&*it, place_ + '.' + it.key(), *errors_));
  }
  return result;
}

std::vector<JsonNode> JsonNode::elements() const {
  std::vector<JsonNode> result;
  if (value_ == nullptr) return result;
  if (!value_->is_array()) {
    complain("is not an array");
    return result;
  }
  result.reserve(value_->size());
  for (size_t i = 0; i < value_->size(); ++i) {
    result.emplace_back(&(*value_)[i], place_ + '[' + std::to_string(i) + ']', *errors_);
  }
  return result;
}

std::string JsonNode::text(std::string fallback) const {
  if (value_ == nullptr) return fallback;
  const auto* text = value_->get_ptr<const Json::string_t*>();
  if (text == nullptr) {
    complain("is not a string");
    return fallback;
  }
  // What is meant for the kernel ends at a NUL: two readers would see two names.
  if (text->find('\0') != text->npos) {
    complain("has a NUL in it");
    return fallback;
  }
  return *text;
}

bool JsonNode::boolean(bool fallback) const {
  if (value_ == nullptr) return fallback;
  const auto* flag = value_->get_ptr<const Json::boolean_t*>();
  if (flag == nullptr) complain("is not a boolean");
  return flag == nullptr ? fallback : *flag;
}

std::optional<int64_t> JsonNode::integer() const {
  return integer(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
}

std::optional<int64_t> JsonNode::integer(int64_t low, int64_t high) const {
  if (value_ == nullptr) return std::nullopt;
  if (!value_->is_number_integer()) {
    complain("is not an integer");
    return std::nullopt;
  }
  const auto* natural = value_->is_number_unsigned() ? value_->get_ptr<const Json::number_unsigned_t*>() : nullptr;
  const auto* integer = value_->get_ptr<const Json::number_integer_t*>();
  const bool huge = natural != nullptr && *natural > static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (huge || *integer < low || *integer > high) {
    complain("is out of range");
    return std::nullopt;
  }
  return *integer;
}

std::optional<uint64_t> JsonNode::natural() const {
  if (value_ == nullptr) return std::nullopt;
  if (!value_->is_number_unsigned()) {
    complain("is not a natural number");
    return std::nullopt;
  }
  return *value_->get_ptr<const Json::number_unsigned_t*>();
}

std::vector<std::string> JsonNode::texts() const {
  std::vector<std::string> result;
  for (const JsonNode& element : elements()) result.push_back(element.text());
  return result;
}

std::map<std::string, std::string> JsonNode::text_map() const {
  std::map<std::string, std::string> result;
  for (const auto& [name, node] : members()) result.emplace(name, node.text());
  return result;
}

std::string to_text(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }
std::string to_pretty_text(const Json& value) { return value.dump(2, ' ', false, Json::error_handler_t::replace); }

}  // namespace wherry::oci
