// A user's directories, a module and a native image to test with.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "artifact/code_cache.h"

namespace wherry::artifact {

using Bytes = std::vector<uint8_t>;

/// "\0asm", version 1, an empty custom section called "a".
inline Bytes small_module() { return {0, 'a', 's', 'm', 1, 0, 0, 0, 0, 2, 1, 'a'}; }

inline constexpr uint32_t kFlags = engine::kImageGuarded;

/// A header, and `filler` for text.
inline Bytes make_image(uint8_t filler = 0xcc, size_t size = engine::kImageAlignment + 4096,
                        engine::ImageArch arch = engine::ImageArch::kX86_64) {
  Bytes image(size, filler);
  engine::ImageHeader header = {};
  header.magic = engine::kImageMagic;
  header.version = engine::kImageVersion;
  header.arch = arch;
  header.flags = kFlags;
  header.image_size = size;
  header.text = {engine::kImageAlignment, size - engine::kImageAlignment};
  std::memcpy(image.data(), &header, sizeof header);
  return image;
}

inline Needs needs() { return {engine::ImageArch::kX86_64, kFlags, {}, Features()}; }

inline Bytes read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_all(const std::string& path, std::span<const uint8_t> bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

/// A scratch directory with a user's config and cache directories in it.
class World : public ::testing::Test {
 protected:
  World() {
    std::string name = ::testing::TempDir() + "wherry-artifact-XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~World() override { std::filesystem::remove_all(root_); }

  std::string path(const std::string& name) const { return root_ + "/" + name; }
  std::string config() const { return path("config"); }
  std::string cache() const { return path("cache"); }

  /// What a new process of this user would know.
  Trust trust() const { return Trust(config(), cache()); }

  /// An artefact of small_module() and make_image(), made by this user, and remembered by `trust` if there is one.
  std::string make_artifact(Trust* rememberer = nullptr, const SecretKey* signing = nullptr) {
    Trust maker = trust();
    const std::string file = path("app.wasm");
    const Bytes image = make_image();
    const std::span<const uint8_t> images[] = {image};
    auto own = maker.keys().own_key_or_make();
    EXPECT_TRUE(own.has_value()) << own.error().message;
    auto written = write_universal(file, small_module(), images, Features(), {*own, signing});
    EXPECT_TRUE(written.has_value()) << written.error().message;
    if (rememberer != nullptr) rememberer->remember(*written);
    return file;
  }

  /// As `wherry run` does with a file that may be an artefact.
  static Result<NativeContent> open(Trust& trust, const std::string& path, const Needs& wanted = needs()) {
    WHERRY_TRY(const platform::File file, platform::File::open(path));
    const platform::FileFacts facts = file.facts();
    const auto seal = read_seal(file, facts.size);
    if (!seal) return fail(ErrorCode::kNotFound, "no seal");
    return trust.open(file, facts, *seal, wanted);
  }

  std::string root_;
};

}  // namespace wherry::artifact
