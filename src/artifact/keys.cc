#include "artifact/keys.h"

#include <algorithm>

#include "platform/entropy.h"
#include "platform/storage.h"

namespace wherry::artifact {

namespace {

using platform::File;
using platform::FileFacts;
using platform::NewFile;

constexpr std::string_view kAlgorithm = "ed25519";
constexpr std::string_view kSecretAlgorithm = "ed25519-secret";
constexpr uint64_t kMaxKeyFile = 1 << 20;

/// A small text file; empty if there is none.
Result<std::string> read_text(const std::string& path) {
  WHERRY_TRY(const platform::FileBytes file, platform::FileBytes::open(path, kMaxKeyFile));
  return std::string(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
}

Result<> write_text(const std::string& path, std::string_view text, uint32_t mode, NewFile::Commit how) {
  WHERRY_TRY(NewFile file, NewFile::create(path, mode));
  WHERRY_CHECK(file.write({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
  WHERRY_CHECK(file.commit(how));
  return {};
}

/// Cuts the text up to the next `end` off.
std::string_view take(std::string_view& text, char end) {
  const size_t at = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

Result<std::array<uint8_t, 32>> parse_key(std::string_view& line, std::string_view algorithm) {
  if (take(line, ' ') != algorithm) {
    return fail(ErrorCode::kSyntax, "not a key: expected \"" + std::string(algorithm) + " BASE64 NAME\"");
  }
  const auto key = from_base64(take(line, ' '));
  if (!key) return fail(ErrorCode::kSyntax, "not a key: 32 bytes in base 64 should follow " + std::string(algorithm));
  return *key;
}

/// The path named in front of an error.
Error at_path(const std::string& path, Error error) {
  error.message = path + ": " + error.message;
  return error;
}

}  // namespace

std::string to_line(const TrustedKey& key) {
  return std::string(kAlgorithm) + " " + to_base64(key.key) + (key.name.empty() ? "" : " " + key.name);
}

Result<TrustedKey> parse_key_line(std::string_view line) {
  TrustedKey key;
  WHERRY_TRY(key.key, parse_key(line, kAlgorithm));
  key.name = line;
  return key;
}

Result<TrustedKey> generate_signing_key(const std::string& path) {
  SecretKey seed;
  if (!platform::fill_random(seed)) return fail(ErrorCode::kIo, "the system gives no random bytes");
  const TrustedKey key = {public_key_of(seed), path.substr(path.rfind('/') + 1)};
  WHERRY_CHECK(write_text(path + ".key", std::string(kSecretAlgorithm) + " " + to_base64(seed) + " " + key.name + "\n",
                          0600, NewFile::Commit::kNew));
  WHERRY_CHECK(write_text(path + ".pub", to_line(key) + "\n", 0666, NewFile::Commit::kReplace));
  return key;
}

Result<SecretKey> load_signing_key(const std::string& path) {
  WHERRY_TRY(const std::string text, read_text(path));
  std::string_view rest = text;
  std::string_view line = take(rest, '\n');
  auto seed = parse_key(line, kSecretAlgorithm);
  if (!seed.has_value()) return std::unexpected(at_path(path, std::move(seed.error())));
  return *seed;
}

Result<TrustedKey> load_public_key(const std::string& path) {
  WHERRY_TRY(const std::string text, read_text(path));
  std::string_view rest = text;
  auto key = parse_key_line(take(rest, '\n'));
  if (!key.has_value()) return std::unexpected(at_path(path, std::move(key.error())));
  return key;
}

Result<const SecretKey*> Keyring::own_key() {
  if (own_) return &*own_;
  if (directory_.empty()) return nullptr;
  auto file = File::open(own_key_path());
  if (!file.has_value()) {
    if (!platform::exists(own_key_path())) return nullptr;
    return std::unexpected(std::move(file.error()));
  }
  const FileFacts facts = file->facts();
  SecretKey key;
  if (facts.owner != platform::user_id() || (facts.mode & 077) != 0) {
    return fail(ErrorCode::kIo, own_key_path() + ": others may read it, so it proves nothing; remove it or chmod 600");
  }
  if (facts.size != key.size() || !file->read(0, key)) return fail(ErrorCode::kIo, own_key_path() + ": not a key");
  own_ = key;
  return &*own_;
}

Result<const SecretKey*> Keyring::own_key_or_make() {
  WHERRY_TRY(const SecretKey* own, own_key());
  if (own != nullptr) return own;
  if (directory_.empty())
    return fail(ErrorCode::kIo, "there is no directory for keys: neither XDG_CONFIG_HOME nor HOME");
  SecretKey key;
  if (!platform::fill_random(key)) return fail(ErrorCode::kIo, "the system gives no random bytes");
  WHERRY_CHECK(platform::make_directories(directory_, 0700));
  WHERRY_TRY(NewFile file, NewFile::create(own_key_path(), 0600));
  WHERRY_CHECK(file.write(key));
  auto made = file.commit(NewFile::Commit::kNew);
  WHERRY_TRY(own, own_key());  // ours, or that of a process that was faster
  if (own == nullptr) return std::unexpected(std::move(made.error()));
  return own;
}

Result<std::vector<TrustedKey>> Keyring::trusted() const {
  std::vector<TrustedKey> keys;
  if (directory_.empty() || !platform::exists(trusted_path())) return keys;
  WHERRY_TRY(const File file, File::open(trusted_path()));
  const FileFacts facts = file.facts();
  if ((facts.owner != platform::user_id() && facts.owner != 0) || (facts.mode & 022) != 0) {
    return fail(ErrorCode::kIo, trusted_path() + ": others may write to it, so it proves nothing; chmod 600");
  }
  WHERRY_TRY(const std::string text, read_text(trusted_path()));
  std::string_view rest = text;
  for (size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = take(rest, '\n');
    if (line.empty() || line.starts_with('#')) continue;
    auto key = parse_key_line(line);
    if (!key.has_value()) {
      return std::unexpected(at_path(trusted_path() + ":" + std::to_string(number), std::move(key.error())));
    }
    keys.push_back(std::move(*key));
  }
  return keys;
}

bool Keyring::trusts(const PublicKey& key) const {
  const auto keys = trusted();
  return keys.has_value() && std::ranges::find(*keys, key, &TrustedKey::key) != keys->end();
}

Result<> Keyring::write(const std::vector<TrustedKey>& keys) {
  std::string text;
  for (const TrustedKey& key : keys) text += to_line(key) + "\n";
  if (directory_.empty())
    return fail(ErrorCode::kIo, "there is no directory for keys: neither XDG_CONFIG_HOME nor HOME");
  WHERRY_CHECK(platform::make_directories(directory_, 0700));
  return write_text(trusted_path(), text, 0600, NewFile::Commit::kDurable);
}

Result<> Keyring::add(const TrustedKey& key) {
  WHERRY_TRY(std::vector<TrustedKey> keys, trusted());
  std::erase_if(keys, [&](const TrustedKey& other) { return other.key == key.key; });
  keys.push_back(key);
  return write(keys);
}

Result<> Keyring::remove(std::string_view which) {
  WHERRY_TRY(std::vector<TrustedKey> keys, trusted());
  if (std::erase_if(keys, [&](const TrustedKey& k) { return k.name == which || to_base64(k.key) == which; }) == 0) {
    return fail(ErrorCode::kNotFound, "no trusted key is called '" + std::string(which) + "'");
  }
  return write(keys);
}

}  // namespace wherry::artifact
