#include "artifact/stamps.h"

#include "platform/clock.h"

namespace wherry::artifact {

namespace {

constexpr std::array<char, 8> kStampMagic = {'w', 'h', 'r', 'y', 's', 't', 'm', '1'};

constexpr uint64_t kForgotten = 31 * uint64_t{86'400'000'000'000};

/// The part of a record that is authenticated.
struct Body {
  std::array<char, 8> magic;
  uint64_t device, inode, size, modified_ns, changed_ns;
  StampKind kind;
  uint32_t reserved;
  Digest digest;
  PublicKey signer;
};
struct Record {
  Body body;
  Digest mac;
};
static_assert(sizeof(Record) == 152);

Body make_body(const platform::FileFacts& facts, const Finding& finding) {
  return {kStampMagic,      facts.device, facts.inode, facts.size,     facts.modified_ns,
          facts.changed_ns, finding.kind, 0,           finding.digest, finding.signer};
}

}  // namespace

std::string Stamps::path(const platform::FileFacts& facts) const {
  return directory_ + "/" + to_hex(bytes_of(facts.device)) + to_hex(bytes_of(facts.inode));
}

std::optional<Finding> Stamps::find(const platform::FileFacts& facts) {
  if (directory_.empty() || !facts.dated) return std::nullopt;
  const auto file = platform::File::open(path(facts));
  Record record;
  if (!file.has_value() || !file->read(0, writable_bytes_of(record))) return std::nullopt;
  const Finding finding = {record.body.kind, record.body.digest, record.body.signer};
  const Body expected = make_body(facts, finding);
  const auto key = keys_.own_key();
  if (!key.has_value() || *key == nullptr || !is_mac_of(**key, bytes_of(expected), record.mac)) return std::nullopt;
  return finding;
}

void Stamps::store(const platform::FileFacts& facts, const Finding& finding) {
  if (directory_.empty() || !facts.dated) return;
  const auto key = keys_.own_key_or_make();
  if (!key.has_value() || !platform::make_directories(directory_, 0700)) return;
  Record record = {make_body(facts, finding), {}};
  record.mac = mac_of(**key, bytes_of(record.body));
  auto file = platform::NewFile::create(path(facts), 0600);
  if (file.has_value() && file->write(bytes_of(record))) (void)file->commit(platform::NewFile::Commit::kReplace);
}

Digest Stamps::digest_of_file(const platform::File& file, std::span<const uint8_t> bytes) {
  const platform::FileFacts facts = file.facts();
  const auto finding = find(facts);
  if (finding && finding->kind == StampKind::kModule) return finding->digest;
  const bool settled = platform::is_settled(facts);
  const Digest digest = digest_of(bytes);
  if (settled) store(facts, {StampKind::kModule, digest, {}});
  return digest;
}

uint64_t Stamps::used_ns(const platform::FileFacts& facts) const {
  const auto file = platform::File::open(path(facts));
  return file.has_value() ? file->facts().modified_ns : 0;
}

void Stamps::note_use(const platform::FileFacts& facts) {
  if (!directory_.empty()) platform::touch_file(path(facts));
}

void Stamps::prune() {
  const uint64_t now = platform::realtime_ns();
  for (const platform::DirectoryEntry& file : platform::list_files(directory_)) {
    if (file.facts.modified_ns + kForgotten < now) platform::remove_file(directory_ + "/" + file.name);
  }
}

void Stamps::clear() {
  for (const platform::DirectoryEntry& file : platform::list_files(directory_)) {
    platform::remove_file(directory_ + "/" + file.name);
  }
}

}  // namespace wherry::artifact
