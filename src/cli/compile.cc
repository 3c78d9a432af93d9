// wherry compile FILE: native code ahead of time.
#include <fmt/core.h>
#include <unistd.h>

#include <memory>

#include "artifact/seal.h"
#include "artifact/trust.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/engine_options.h"
#include "cli/progress_bar.h"
#include "engine/compiler.h"
#include "native/compiler_client.h"
#include "native/machine.h"
#include "platform/storage.h"
#include "wasm/text/wat.h"
#include "wherry/module.h"

namespace wherry::cli {
namespace {

using engine::CompileCpu;
using engine::CompileLevel;
using engine::CompileTarget;

struct Options {
  EngineOptions engine;
  std::string input, output, cpu = "native", level = "default", emit = "universal", signing_key;
  std::vector<std::string> targets;
  bool fuel = false, quiet = false;
  uint32_t threads = 0;
};

std::span<const uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

CompileTarget parse_target(const std::string& name) {
  if (name == "x86_64" || name == "x86-64" || name == "amd64") return CompileTarget::kX86_64;
  if (name == "aarch64" || name == "arm64") return CompileTarget::kAarch64;
  return CompileTarget::kHost;
}

CompileLevel parse_level(const std::string& name) {
  return name == "fast" ? CompileLevel::kFast : name == "max" ? CompileLevel::kMax : CompileLevel::kDefault;
}

/// "dir/app.wasm" is "app.aot.wasm", or "app.image".
std::string default_output(const std::string& input, std::string_view extension) {
  if (input == "-") return "-";
  std::string name = input.substr(input.rfind('/') + 1);
  if (const size_t dot = name.rfind('.'); dot != std::string::npos && dot != 0) name.resize(dot);
  return name + std::string(extension);
}

/// One compilation, from the file to the output.
class Compilation {
 public:
  explicit Compilation(const Options& options) : options_(options), config_(options.engine.config()) {
    config_.fuel = options.fuel;
    config_.tier = TierKind::kInterpreter;  // what is checked with
  }

  Result<> run() {
    WHERRY_TRY(const std::span<const uint8_t> module, load());
    std::vector<std::string> targets = options_.targets;
    if (targets.empty()) targets.push_back("host");
    for (const std::string& target : targets) {
      WHERRY_TRY(engine::NativeImage image, compile(module, target));
      images_.push_back(std::move(image));
    }
    return write(module);
  }

 private:
  /// The module in binary format, validated.
  Result<std::span<const uint8_t>> load() {
    WHERRY_TRY(input_, read_file(options_.input));
    std::span<const uint8_t> module = as_bytes(input_);
    if (!input_.starts_with(std::string_view("\0asm", 4))) {
      WHERRY_TRY(binary_, wasm::parse_wat(input_));
      module = binary_;
    }
    module = artifact::original_module(module);
    WHERRY_CHECK(Module::from_binary(Engine(config_), module, BytesUse::kBorrow));
    return module;
  }

  Result<engine::NativeImage> compile(std::span<const uint8_t> module, const std::string& target) {
    ProgressBar bar(options_.quiet ? "" : "compiling " + options_.input + (target == "host" ? "" : " for " + target));
    return compiler_->compile({
        .target = parse_target(target),
        .cpu = options_.cpu == "native" ? CompileCpu::kHost : CompileCpu::kBaseline,
        .level = parse_level(options_.level),
        .flags = engine::image_flags(config_),
        .threads = options_.threads,
        .features = config_.features.bits(),
        .module = module.data(),
        .module_size = module.size(),
        .progress =
            [](void* bar, uint64_t done, uint64_t total) {
              static_cast<ProgressBar*>(bar)->show(done, total);
              return 1;
            },
        .user = &bar,
    });
  }

  Result<> write(std::span<const uint8_t> module) {
    const bool universal = options_.emit == "universal";
    const std::string path =
        !options_.output.empty() ? options_.output : default_output(options_.input, universal ? ".aot.wasm" : ".image");
    if (!universal) {
      if (images_.size() != 1) throw UsageError{"--emit image: one --target only"};
      return write_file(path, images_[0].bytes);
    }
    artifact::Trust trust(platform::user_config_directory(), platform::user_cache_directory());
    artifact::Sealers sealers;
    std::optional<SecretHolder> signing;
    if (!options_.signing_key.empty()) {
      WHERRY_TRY(const artifact::SecretKey seed, artifact::load_signing_key(options_.signing_key));
      signing.emplace(seed);
      sealers.signing = &signing->key;
    }
    auto own = trust.keys().own_key_or_make();
    if (own.has_value()) sealers.own = *own;
    // Signed code is of use to others even where this user has no place for a key.
    if (!own.has_value() && !signing) return std::unexpected(std::move(own.error()));
    std::vector<std::span<const uint8_t>> images;
    for (const engine::NativeImage& image : images_) images.push_back(image.bytes);
    if (path == "-") return fail(ErrorCode::kIo, "a universal file cannot be written to a pipe; name it with -o");
    WHERRY_TRY(const platform::File file, artifact::write_universal(path, module, images, config_.features, sealers));
    trust.remember(file);
    return {};
  }

  struct SecretHolder {
    artifact::SecretKey key;
  };

  const Options& options_;
  Config config_;
  std::string input_;
  std::vector<uint8_t> binary_;
  std::unique_ptr<const engine::NativeCompiler> compiler_ = native::find_compiler(config_.compiler);
  std::vector<engine::NativeImage> images_;
};

int run(const Options& options) {
  const auto done = Compilation(options).run();
  if (done.has_value()) return 0;
  if (done.error().code == ErrorCode::kSyntax) {
    return report(options.input, done.error(), read_file(options.input).value_or(""));
  }
  return report(options.input, done.error());
}

std::function<int()> configure(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->input, "The module: .wasm or .wat; - for standard input")->required();
  app.add_option("-o,--output", options->output, "The output (default: FILE's name with .aot.wasm)")->type_name("FILE");
  app.add_option("-O", options->level, "How much to optimise: fast, default or max")
      ->check(CLI::IsMember({"fast", "default", "max"}))
      ->type_name("LEVEL");
  app.add_option("--target", options->targets,
                 "Compile for host, x86_64 or aarch64; give it twice for a file with both")
      ->check(CLI::IsMember({"host", "x86_64", "x86-64", "amd64", "aarch64", "arm64"}))
      ->type_name("ARCH")
      ->delimiter(',')
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--cpu", options->cpu,
                 "native: all that this processor has; baseline: runs on any of the last ten years")
      ->check(CLI::IsMember({"native", "baseline"}))
      ->type_name("CPU");
  app.add_flag("--fuel", options->fuel, "Code that meters fuel, for `wherry run --fuel`");
  app.add_option("--sign", options->signing_key, "Sign with a key of `wherry key generate`, for others to trust")
      ->type_name("FILE");
  app.add_option("--emit", options->emit, "universal: the module with its native code; image: the native code alone")
      ->check(CLI::IsMember({"universal", "image"}))
      ->type_name("WHAT");
  app.add_option("--threads", options->threads, "Threads to compile with (default: one a processor)")
      ->type_name("COUNT");
  app.add_flag("-q,--quiet", options->quiet, "No progress bar");
  options->engine.add_to(app, true);
  return [options] { return run(*options); };
}

}  // namespace

const Command kCompileCommand = {
    "compile",
    "[OPTIONS] FILE",
    "compile a module to native code",
    "The result is still a WebAssembly module, which any engine runs; Wherry runs the native code in it, if it was "
    "made by "
    "you or signed by someone you trust (`wherry trust`), for this kind of processor and the same --bounds, "
    "--deterministic and --fuel. It is written whole or not at all.\n\n"
    "Examples:\n"
    "  wherry compile app.wasm && wherry run app.aot.wasm\n"
    "  wherry compile -O max --cpu baseline --target x86_64,aarch64 --sign release.key app.wasm -o release.wasm\n",
    configure,
};

}  // namespace wherry::cli
