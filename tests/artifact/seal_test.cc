// The format: universal files are modules to anyone, and what is found in them is what was put there.
#include "artifact/seal.h"

#include <algorithm>

#include "wasm/module.h"
#include "world.h"

namespace wherry::artifact {
namespace {

class SealTest : public World {};

TEST_F(SealTest, AUniversalFileIsTheModuleAndCustomSections) {
  const Bytes content = read_all(make_artifact());
  const Bytes module = small_module();
  ASSERT_GT(content.size(), module.size());
  EXPECT_TRUE(std::equal(module.begin(), module.end(), content.begin()));

  wasm::TypeRegistry types;
  const auto read = wasm::read_module(content, Features(), types);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_EQ((*read)->customs.size(), 3u);
  EXPECT_EQ((*read)->customs[1].name, kNativeSection);
  EXPECT_EQ((*read)->customs[2].name, kSealSection);
  EXPECT_EQ((*read)->customs[2].bytes.size(), sizeof(Seal));
}

TEST_F(SealTest, ImagesLieAlignedAndUnchanged) {
  Trust maker = trust();
  const Bytes images[] = {make_image(1), make_image(2, engine::kImageAlignment + 12345, engine::ImageArch::kAarch64)};
  const std::span<const uint8_t> spans[] = {images[0], images[1]};
  auto written = write_universal(path("two.wasm"), small_module(), spans, Features::none(), {});
  ASSERT_TRUE(written.has_value()) << written.error().message;
  const Bytes content = read_all(path("two.wasm"));
  const auto seal = read_seal(*written, content.size());
  ASSERT_TRUE(seal.has_value());
  EXPECT_EQ(seal->claim.module_size, small_module().size());
  EXPECT_EQ(Features::from_bits(seal->claim.features), Features::none());
  ASSERT_EQ(seal->claim.image_count, 2u);
  for (size_t i = 0; i < 2; ++i) {
    const SealedImage& image = seal->claim.images[i];
    EXPECT_EQ(image.offset % engine::kImageAlignment, 0u);
    ASSERT_EQ(image.size, images[i].size());
    EXPECT_EQ(std::memcmp(content.data() + image.offset, images[i].data(), image.size), 0);
  }
  EXPECT_EQ(seal->claim.images[1].arch, engine::ImageArch::kAarch64);
}

TEST_F(SealTest, TheOriginalModuleIsFoundAgain) {
  const Bytes module = small_module();
  const Bytes content = read_all(make_artifact());
  EXPECT_EQ(original_module(content).size(), module.size());
  EXPECT_EQ(original_module(module).size(), module.size());
  // With a section of someone else behind ours it is no longer what we wrote.
  Bytes longer = content;
  longer.insert(longer.end(), {0, 2, 1, 'b'});
  EXPECT_EQ(original_module(longer).size(), longer.size());
  // Not a module, or one cut short: left alone.
  for (size_t size = 0; size < content.size(); size += size < 200 ? 1 : 997) {
    EXPECT_LE(original_module(std::span(content).first(size)).size(), size);
  }
}

TEST_F(SealTest, AnArtefactIsReadOnlyAndReplacedWhole) {
  const std::string file = make_artifact();
  EXPECT_EQ(std::filesystem::status(file).permissions() & std::filesystem::perms(0222), std::filesystem::perms::none);
  make_artifact();  // again, over itself
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(root_)) ++files;
  EXPECT_EQ(files, 2u) << "the artefact and config";
}

TEST_F(SealTest, OffsetsThatLeaveTheFileAreNoSeal) {
  const Bytes content = read_all(make_artifact());
  auto reads = [&](auto&& change) {
    Bytes changed = content;
    Seal seal;
    std::memcpy(&seal, changed.data() + changed.size() - sizeof seal, sizeof seal);
    change(seal.claim);
    std::memcpy(changed.data() + changed.size() - sizeof seal, &seal, sizeof seal);
    write_all(path("changed"), changed);
    return read_seal(*platform::File::open(path("changed")), changed.size()).has_value();
  };
  EXPECT_TRUE(reads([](Claim&) {}));
  EXPECT_FALSE(reads([](Claim& claim) { claim.version++; }));
  EXPECT_FALSE(reads([](Claim& claim) { claim.image_count = kMaxImages + 1; }));
  EXPECT_FALSE(reads([](Claim& claim) { claim.sealed_size += sizeof(Seal) + 1; }));
  EXPECT_FALSE(reads([](Claim& claim) { claim.module_size = claim.sealed_size + 1; }));
  EXPECT_FALSE(reads([](Claim& claim) { claim.images[0].offset += engine::kImageAlignment; }));
  EXPECT_FALSE(reads([](Claim& claim) { claim.images[0].offset = ~uint64_t{0} & ~(engine::kImageAlignment - 1); }));
  EXPECT_FALSE(reads([](Claim& claim) { claim.images[0].offset += 1; }));
  EXPECT_FALSE(reads([](Claim& claim) { claim.images[0].size = ~uint64_t{0}; }));
  EXPECT_FALSE(reads([](Claim& claim) { claim.images[0].size = 10; }));
}

}  // namespace
}  // namespace wherry::artifact
