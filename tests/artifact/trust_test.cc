// Native code runs when it is this user's own or signed by a trusted key, unchanged, and fits; and never otherwise.
#include "artifact/trust.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world.h"

namespace wherry::artifact {
namespace {

class TrustTest : public World {
 protected:
  static std::string refusal(const Result<NativeContent>& content) {
    return content.has_value() ? "it is trusted" : content.error().message;
  }
  static void expect_trusted(const Result<NativeContent>& content) {
    ASSERT_TRUE(content.has_value()) << content.error().message;
    const Bytes image = make_image(), module = small_module();
    EXPECT_TRUE(std::ranges::equal(content->image, image));
    EXPECT_TRUE(std::ranges::equal(content->module, module));
  }
  /// Changes a byte of a sealed file, as root could, or its owner.
  static void poke(const std::string& file, size_t at, uint8_t byte) {
    int fd = ::open(file.c_str(), O_WRONLY);
    if (fd < 0) {
      make_writable(file);
      fd = ::open(file.c_str(), O_WRONLY);
      ASSERT_EQ(chmod(file.c_str(), 0444), 0);
    }
    ASSERT_EQ(pwrite(fd, &byte, 1, static_cast<off_t>(at)), 1);
    close(fd);
  }
  static void make_writable(const std::string& file) { ASSERT_EQ(chmod(file.c_str(), 0644), 0); }
};

TEST_F(TrustTest, OwnArtefactsAreTrusted) {
  const std::string file = make_artifact();
  for (int i = 0; i < 2; ++i) {  // read in full, then remembered
    Trust user = trust();
    expect_trusted(open(user, file));
  }
  make_writable(file);
  Trust user = trust();
  expect_trusted(open(user, file));
}

TEST_F(TrustTest, AnotherUsersAreNot) {
  const std::string file = make_artifact();
  Trust other(path("other/config"), cache());
  EXPECT_NE(refusal(open(other, file)).find("nobody signed it"), std::string::npos);
  ASSERT_TRUE(other.keys().own_key_or_make().has_value());
  EXPECT_NE(refusal(open(other, file)).find("nobody signed it"), std::string::npos);
}

TEST_F(TrustTest, SignedOnesAreTrustedWithTheKey) {
  SecretKey seed = {1, 2, 3};
  const TrustedKey signer = {public_key_of(seed), "somebody"};
  const std::string file = make_artifact(nullptr, &seed);
  const std::string other_config = path("other");
  const auto open_as_other = [&] {
    Trust other(other_config, path("other-cache"));
    return open(other, file);
  };
  EXPECT_NE(refusal(open_as_other()).find("ed25519 " + to_base64(signer.key)), std::string::npos);
  Keyring keys(other_config);
  ASSERT_TRUE(keys.add(signer).has_value());
  for (int i = 0; i < 3; ++i) expect_trusted(open_as_other());
  ASSERT_TRUE(keys.remove("somebody").has_value());
  EXPECT_NE(refusal(open_as_other()).find("not trusted"), std::string::npos) << "remembered, but no longer trusted";
}

TEST_F(TrustTest, AForgedSignatureIsNone) {
  SecretKey seed = {1, 2, 3};
  const std::string file = make_artifact(nullptr, &seed);
  Bytes content = read_all(file);
  Seal seal;
  std::memcpy(&seal, content.data() + content.size() - sizeof seal, sizeof seal);
  seal.signer = public_key_of({4, 5, 6});
  std::memcpy(content.data() + content.size() - sizeof seal, &seal, sizeof seal);
  write_all(path("forged"), content);
  Trust other(path("other"), path("other-cache"));
  ASSERT_TRUE(other.keys().add({seal.signer, "victim"}).has_value());
  EXPECT_NE(refusal(open(other, path("forged"))).find("signature is wrong"), std::string::npos);
}

/// Every byte of the file changed in turn, as a writable file, as a sealed one, and under a stamp of the good one.
TEST_F(TrustTest, NoChangedByteIsTrusted) {
  // A small image, so that all of it can be tried; the padding before it is tried in steps.
  Trust maker = trust();
  const std::string file = path("app.wasm");
  const Bytes image = make_image(0xcc, engine::kImageAlignment + 64);
  const std::span<const uint8_t> images[] = {image};
  auto own = maker.keys().own_key_or_make();
  auto written = write_universal(file, small_module(), images, Features(), {.own = *own});
  ASSERT_TRUE(written.has_value());
  maker.remember(*written);
  Trust user = trust();
  ASSERT_TRUE(open(user, file).has_value());

  const Bytes content = read_all(file);
  const size_t seal_begin = content.size() - sizeof(Seal);
  for (size_t at = 0; at < content.size(); ++at) {
    const bool padding = content[at] == 0 && at > 64 && at < seal_begin - 8;
    const bool filler = content[at] == 0xcc && at < seal_begin - 200;
    if ((padding || filler) && at % 1009 != 0) continue;
    // In place: the inode that is remembered stays the same.
    poke(file, at, content[at] ^ 0x40);
    const auto opened = open(user, file);
    // What signs for others is not looked at where the own key answers for the file.
    const size_t in_seal = at - seal_begin;
    const bool is_signature =
        at >= seal_begin && in_seal >= offsetof(Seal, signer) && in_seal < offsetof(Seal, end_magic);
    EXPECT_EQ(opened.has_value(), is_signature) << "byte " << at << " of " << content.size();
    poke(file, at, content[at]);
  }
  EXPECT_TRUE(open(user, file).has_value());
}

TEST_F(TrustTest, NoTruncatedFileIsTrusted) {
  const std::string file = make_artifact();
  const Bytes content = read_all(file);
  Trust user = trust();
  for (size_t size = 0; size < content.size(); size += size + 300 < content.size() ? 4099 : 1) {
    write_all(path("short"), std::span(content).first(size));
    EXPECT_FALSE(open(user, path("short")).has_value()) << size;
  }
}

TEST_F(TrustTest, ASwappedFileIsNotTrustedByItsPredecessorsStamp) {
  Trust user = trust();
  const std::string file = make_artifact(&user);
  ASSERT_TRUE(open(user, file).has_value());
  // The same bytes but one of the text, the same size and dates, another inode.
  Bytes content = read_all(file);
  content[content.size() - sizeof(Seal) - 100] ^= 1;
  write_all(path("evil"), content);
  ASSERT_EQ(chmod(path("evil").c_str(), 0444), 0);
  std::filesystem::last_write_time(path("evil"), std::filesystem::last_write_time(file));
  std::filesystem::rename(path("evil"), file);
  EXPECT_NE(refusal(open(user, file)).find("not what was sealed"), std::string::npos);
}

TEST_F(TrustTest, AWritableFileIsCopiedSoThatLaterChangesDoNotShow) {
  const std::string file = make_artifact();
  make_writable(file);
  Trust user = trust();
  const auto content = open(user, file);
  expect_trusted(content);
  Bytes changed = read_all(file);
  for (uint8_t& byte : changed) byte = 0x90;
  const int fd = ::open(file.c_str(), O_WRONLY);
  ASSERT_EQ(pwrite(fd, changed.data(), changed.size(), 0), static_cast<ssize_t>(changed.size()));
  close(fd);
  expect_trusted(content);
}

TEST_F(TrustTest, ASealedFileThatSomebodyHasOpenForWritingIsCopied) {
  Trust user = trust();
  const std::string file = make_artifact(&user);
  make_writable(file);
  const int writer = ::open(file.c_str(), O_WRONLY);
  ASSERT_EQ(chmod(file.c_str(), 0444), 0);
  const auto content = open(user, file);
  expect_trusted(content);
  const Bytes evil(content->bytes.bytes().size(), 0x90);
  ASSERT_EQ(pwrite(writer, evil.data(), evil.size(), 0), static_cast<ssize_t>(evil.size()));
  expect_trusted(content);
  close(writer);
}

TEST_F(TrustTest, WhatDoesNotFitIsRefusedWithItsReason) {
  Trust user = trust();
  const std::string file = make_artifact(&user);
  Needs other = needs();
  other.arch = engine::ImageArch::kAarch64;
  EXPECT_EQ(refusal(open(user, file, other)), "its native code is for other processors: x86-64");
  other = needs();
  other.flags = 0;
  EXPECT_NE(refusal(open(user, file, other)).find("other settings"), std::string::npos);
  other = needs();
  other.features.set(Feature::kSimd, false);
  EXPECT_NE(refusal(open(user, file, other)).find("switched off"), std::string::npos);

  const auto with_header = [&](auto&& change) {
    Bytes image = make_image();
    engine::ImageHeader header;
    std::memcpy(&header, image.data(), sizeof header);
    change(header);
    std::memcpy(image.data(), &header, sizeof header);
    const std::span<const uint8_t> images[] = {image};
    auto written = write_universal(path("other.wasm"), small_module(), images, Features(), {*user.keys().own_key()});
    EXPECT_TRUE(written.has_value());
    return refusal(open(user, path("other.wasm")));
  };
  EXPECT_NE(with_header([](auto& header) { header.version++; }).find("another version"), std::string::npos);
  EXPECT_NE(with_header([](auto& header) { engine::add_feature(header.cpu_features, 14); }).find("avx512f"),
            std::string::npos);
  EXPECT_NE(with_header([](auto& header) { header.magic[0] = 'x'; }).find("no native image"), std::string::npos);
}

TEST_F(TrustTest, TheOwnKeyIsOnlyForItsOwner) {
  Keyring keys(config());
  ASSERT_TRUE(keys.own_key_or_make().has_value());
  const auto file = config() + "/own.key";
  EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms(0600));
  const SecretKey first = **keys.own_key();
  EXPECT_EQ(**Keyring(config()).own_key_or_make(), first);
  ASSERT_EQ(chmod(file.c_str(), 0640), 0);
  EXPECT_FALSE(Keyring(config()).own_key().has_value());
  EXPECT_FALSE(Keyring(config()).own_key_or_make().has_value());
}

TEST_F(TrustTest, KeysOfOthers) {
  const auto made = generate_signing_key(path("release"));
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(made->name, "release");
  EXPECT_FALSE(generate_signing_key(path("release")).has_value()) << "would overwrite a key";
  EXPECT_EQ(std::filesystem::status(path("release.key")).permissions(), std::filesystem::perms(0600));
  const auto seed = load_signing_key(path("release.key"));
  ASSERT_TRUE(seed.has_value()) << seed.error().message;
  const auto public_key = load_public_key(path("release.pub"));
  ASSERT_TRUE(public_key.has_value()) << public_key.error().message;
  EXPECT_EQ(public_key_of(*seed), public_key->key);
  EXPECT_FALSE(load_signing_key(path("release.pub")).has_value());
  EXPECT_FALSE(load_public_key(path("release.key")).has_value());

  Keyring keys(config());
  EXPECT_TRUE(keys.trusted()->empty());
  ASSERT_TRUE(keys.add(*public_key).has_value());
  ASSERT_TRUE(keys.add({public_key->key, "renamed"}).has_value());
  ASSERT_EQ(keys.trusted()->size(), 1u);
  EXPECT_EQ(keys.trusted()->front().name, "renamed");
  EXPECT_FALSE(keys.remove("nobody").has_value());
  ASSERT_TRUE(keys.remove(to_base64(public_key->key)).has_value());
  EXPECT_FALSE(keys.trusts(public_key->key));

  ASSERT_TRUE(keys.add(*public_key).has_value());
  ASSERT_EQ(chmod((config() + "/trusted_keys").c_str(), 0666), 0);
  EXPECT_FALSE(keys.trusts(public_key->key)) << "anybody could have added it";
}

TEST_F(TrustTest, AStampOfAnotherKeyCountsNothing) {
  Trust user = trust();
  write_all(path("module.wasm"), small_module());
  const auto file = platform::File::open(path("module.wasm"));
  (void)platform::settled_facts(*file);
  const Digest digest = user.stamps().digest_of_file(*file, small_module());
  EXPECT_EQ(digest, digest_of(small_module()));
  const Finding finding = {StampKind::kModule, digest, {}};
  EXPECT_EQ(user.stamps().find(file->facts()), finding);
  Trust other(path("other"), cache());
  ASSERT_TRUE(other.keys().own_key_or_make().has_value());
  EXPECT_EQ(other.stamps().find(file->facts()), std::nullopt);
  // Touched: it may be another file now.
  std::filesystem::last_write_time(path("module.wasm"), std::filesystem::file_time_type::clock::now());
  EXPECT_EQ(user.stamps().find(file->facts()), std::nullopt);
}

}  // namespace
}  // namespace wherry::artifact
