// The spec suite's scripts, where they are to be had: all parse, malformed text is refused, and all valid modules
// survive being printed and parsed again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "wasm/module.h"
#include "wasm/text/wast.h"
#include "wasm/text/wat.h"
#include "wasm/type_registry.h"

namespace wherry::wasm {
namespace {

namespace fs = std::filesystem;

/// The suite's scripts but those of proposals that are not implemented; none where there is no suite.
std::vector<fs::path> scripts() {
  const char* given = std::getenv("WHERRY_TESTSUITE");
  const fs::path root = fs::path(given != nullptr ? given : WHERRY_SOURCE_DIR "/../shared/testsuite") / "core";
  std::vector<fs::path> found;
  if (!fs::is_directory(root)) return found;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    const std::string path = entry.path().string();
    if (path.ends_with(".wast") && path.find("custom-descriptors") == std::string::npos) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

struct NamedModule {
  std::string where;
  const wast::ScriptModule* module;
  const wast::AssertModule* assertion;  ///< Null for modules that are simply defined.
};

class Suite : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<fs::path> all = scripts();
    if (all.empty()) GTEST_SKIP() << "no spec suite; set WHERRY_TESTSUITE to a checkout of it";
    for (const fs::path& path : all) {
      Result<std::vector<wast::Command>> commands = wast::parse_wast(read_file(path));
      ASSERT_TRUE(commands) << path << ": " << commands.error().message << " at " << commands.error().offset;
      scripts_.push_back(std::move(*commands));
      for (const wast::Command& command : scripts_.back()) {
        const std::string where = path.filename().string() + ":" + std::to_string(command.line);
        if (const auto* c = std::get_if<wast::ModuleCommand>(&command.what)) {
          modules_.push_back({where, &c->module, nullptr});
        } else if (const auto* c = std::get_if<wast::AssertModule>(&command.what)) {
          modules_.push_back({where, &c->module, c});
        }
        ++commands_;
      }
    }
  }

  std::vector<std::vector<wast::Command>> scripts_;
  std::vector<NamedModule> modules_;
  size_t commands_ = 0;
};

TEST_F(Suite, TextModulesAreWhatTheyAreSaidToBe) {
  EXPECT_GT(commands_, 60'000u);
  for (const auto& [where, module, assertion] : modules_) {
    if (module->form == wast::ScriptModule::Form::kBinary) continue;
    using Kind = wast::AssertModule::Kind;
    const bool may_be_refused = assertion != nullptr && assertion->kind != Kind::kTrap &&
                                assertion->kind != Kind::kUnlinkable && assertion->kind != Kind::kInvalid;
    if (!may_be_refused) {
      EXPECT_TRUE(module->wasm) << where << ": " << module->wasm.error().message;
    } else if (!module->wasm) {
      EXPECT_EQ(module->wasm.error().code, ErrorCode::kSyntax);
      EXPECT_TRUE(module->wasm.error().message.starts_with(assertion->message))
          << where << ": " << module->wasm.error().message << ", not " << assertion->message;
    } else {
      // What is left to the validator: numbers that do not fit a 32-bit memory.
      EXPECT_EQ(assertion->message, "i32 constant out of range") << where;
    }
  }
}

TEST_F(Suite, PrintedModulesParseToTheSameModule) {
  size_t printed = 0;
  size_t same_bytes = 0;
  for (const auto& [where, module, assertion] : modules_) {
    if (!module->wasm) continue;
    const std::vector<uint8_t>& wasm = *module->wasm;
    for (const PrintOptions options :
         {PrintOptions{false, true}, PrintOptions{true, true}, PrintOptions{true, false}}) {
      const Result<std::string> text = print_wat(wasm, options);
      if (!text) {
        EXPECT_NE(assertion, nullptr) << where << ": " << text.error().message;
        continue;
      }
      const Result<std::vector<uint8_t>> again = parse_wat(*text);
      ASSERT_TRUE(again) << where << ": " << again.error().message << " at " << again.error().offset << " of\n"
                         << *text;
      const Result<std::string> text_again = print_wat(*again, options);
      ASSERT_TRUE(text_again) << where << ": " << text_again.error().message << "\n" << *text;
      ASSERT_EQ(*text_again, *text) << where;
      ++printed;
      if (*again == wasm) ++same_bytes;
    }
  }
  EXPECT_GT(printed, 5'000u);
  RecordProperty("printed", std::to_string(printed));
  RecordProperty("same_bytes", std::to_string(same_bytes));
  // Not the same: other encodings of the same (long LEB128, empty sections), equal types that become one.
  EXPECT_GT(same_bytes * 100, printed * 90) << same_bytes << " of " << printed;
}

}  // namespace
}  // namespace wherry::wasm
