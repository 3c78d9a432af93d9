#include "cli/module_file.h"

#include "cli/console.h"

namespace wherry::cli {
namespace {

Result<Module> load(const Engine& engine, const std::string& path, std::string* text) {
  if (path != "-") return Module::from_file(engine, path);
  WHERRY_TRY(*text, read_file(path));
  if (!text->starts_with(std::string_view("\0asm", 4))) return Module::from_wat(engine, *text);
  return Module::from_binary(engine, {reinterpret_cast<const uint8_t*>(text->data()), text->size()});
}

}  // namespace

std::optional<Module> load_module(const Engine& engine, const std::string& path) {
  std::string text;
  Result<Module> module = load(engine, path, &text);
  if (module.has_value()) {
    if (const std::string_view refusal = module->native_code_refusal(); !refusal.empty()) {
      complain("warning: " + path + ": " + std::string(refusal));
    }
    return std::move(*module);
  }
  if (module.error().code == ErrorCode::kIo) {
    complain(module.error().message);  // names the file itself
    return std::nullopt;
  }
  // A place in a text is told as line and column.
  if (module.error().code == ErrorCode::kSyntax && text.empty()) text = read_file(path).value_or("");
  report(path, module.error(), module.error().code == ErrorCode::kSyntax ? text : std::string_view());
  return std::nullopt;
}

}  // namespace wherry::cli
