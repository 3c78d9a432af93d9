// Functions on paths.
#include <limits.h>

#include "wasi/preview1_util.h"

namespace wherry::wasi {

using host::DescriptorFlags;
using host::Errno;
using host::error;
using host::HostResult;
using host::TableEntry;

namespace {

constexpr uint32_t kLookupFollow = 1;

/// A directory and a path beneath it. The directory lives as long as the entry.
struct Place {
  TableEntry entry;
  std::string path;

  host::Directory& directory() const { return *entry.descriptor->as_directory(); }
};

HostResult<Place> place(const host::DescriptorTable& table, const Call& call, uint32_t fd, uint64_t rights,
                        uint32_t path, uint32_t path_len) {
  Place result;
  WHERRY_TRY(result.entry, find(table, fd, rights));
  if (result.entry.descriptor->as_directory() == nullptr) return error(Errno::kNotdir);
  WHERRY_TRY(result.path, call.memory.string(path, path_len, PATH_MAX));
  return result;
}

HostResult<bool> follows(uint32_t lookup) {
  if ((lookup & ~kLookupFollow) != 0) return error(Errno::kInval);
  return (lookup & kLookupFollow) != 0;
}

}  // namespace

HostResult<> Preview1::path_create_directory(Call& call, uint32_t fd, uint32_t path, uint32_t path_len) {
  WHERRY_TRY(const Place at, place(context_.table, call, fd, Rights::kPathCreateDirectory, path, path_len));
  return at.directory().make_directory(at.path);
}

HostResult<> Preview1::path_filestat_get(Call& call, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t path_len,
                                         uint32_t stat_out) {
  WHERRY_TRY(const Place at, place(context_.table, call, fd, Rights::kPathFilestatGet, path, path_len));
  WHERRY_TRY(const bool follow, follows(lookup));
  WHERRY_TRY(const host::FileStat stat, at.directory().stat_path(at.path, follow));
  return store_file_stat(call, stat_out, stat);
}

HostResult<> Preview1::path_filestat_set_times(Call& call, uint32_t fd, uint32_t lookup, uint32_t path,
                                               uint32_t path_len, uint64_t accessed, uint64_t modified,
                                               uint32_t which) {
  WHERRY_TRY(const Place at, place(context_.table, call, fd, Rights::kPathFilestatSetTimes, path, path_len));
  WHERRY_TRY(const bool follow, follows(lookup));
  WHERRY_TRY(const Times changes, times(accessed, modified, which));
  return at.directory().set_times_path(at.path, follow, changes.accessed, changes.modified);
}

HostResult<> Preview1::path_link(Call& call, uint32_t from_fd, uint32_t lookup, uint32_t from, uint32_t from_len,
                                 uint32_t to_fd, uint32_t to, uint32_t to_len) {
  WHERRY_TRY(const Place source, place(context_.table, call, from_fd, Rights::kPathLinkSource, from, from_len));
  WHERRY_TRY(const Place target, place(context_.table, call, to_fd, Rights::kPathLinkTarget, to, to_len));
  WHERRY_TRY(const bool follow, follows(lookup));
  return source.directory().link(source.path, follow, target.directory(), target.path);
}

HostResult<> Preview1::path_open(Call& call, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t path_len,
                                 uint32_t open_flags, uint64_t rights, uint64_t inheriting, uint32_t flags,
                                 uint32_t fd_out) {
  constexpr uint32_t kCreate = 1, kDirectory = 2, kExclusive = 4, kTruncate = 8, kAllOpenFlags = 15;
  WHERRY_TRY(const bool follow, follows(lookup));
  if ((open_flags & ~kAllOpenFlags) != 0 || (flags & ~DescriptorFlags::kAll) != 0) return error(Errno::kInval);

  uint64_t needed = Rights::kPathOpen;
  if ((open_flags & kCreate) != 0) needed |= Rights::kPathCreateFile;
  if ((open_flags & kTruncate) != 0) needed |= Rights::kPathFilestatSetSize;
  WHERRY_TRY(const Place at, place(context_.table, call, fd, needed, path, path_len));
  uint64_t passed_on = (rights | inheriting) & Rights::kAll;
  if ((flags & DescriptorFlags::kDsync) != 0) passed_on |= Rights::kFdDatasync;
  if ((flags & (DescriptorFlags::kSync | DescriptorFlags::kRsync)) != 0) passed_on |= Rights::kFdSync;
  if ((passed_on & ~at.entry.inheriting) != 0) return error(Errno::kNotcapable);
  WHERRY_CHECK(call.memory.range(fd_out, sizeof(uint32_t)));

  const host::OpenRequest request = {.read = (rights & (Rights::kFdRead | Rights::kFdReaddir)) != 0,
                                     .write = (rights & Rights::kWriting) != 0,
                                     .create = (open_flags & kCreate) != 0,
                                     .exclusive = (open_flags & kExclusive) != 0,
                                     .truncate = (open_flags & kTruncate) != 0,
                                     .directory = (open_flags & kDirectory) != 0,
                                     .follow_links = follow,
                                     .flags = static_cast<uint16_t>(flags)};
  TableEntry opened;
  WHERRY_TRY(opened.descriptor, at.directory().open(at.path, request, call.waiter));
  opened.rights = rights & Rights::applicable(*opened.descriptor);
  if (opened.descriptor->as_directory() != nullptr) opened.inheriting = inheriting & Rights::kAll;
  WHERRY_TRY(const uint32_t number, context_.table.insert(std::move(opened)));
  return call.memory.store(fd_out, number);
}

HostResult<> Preview1::path_readlink(Call& call, uint32_t fd, uint32_t path, uint32_t path_len, uint32_t buffer,
                                     uint32_t buffer_len, uint32_t size_out) {
  WHERRY_TRY(const Place at, place(context_.table, call, fd, Rights::kPathReadlink, path, path_len));
  WHERRY_CHECK(call.memory.range(buffer, buffer_len));
  WHERRY_TRY(const std::string text, at.directory().read_link_path(at.path));
  const auto shown = std::string_view(text).substr(0, buffer_len);
  WHERRY_CHECK(call.memory.write(buffer, shown));
  return call.memory.store(size_out, static_cast<uint32_t>(shown.size()));
}

HostResult<> Preview1::path_remove_directory(Call& call, uint32_t fd, uint32_t path, uint32_t path_len) {
  WHERRY_TRY(const Place at, place(context_.table, call, fd, Rights::kPathRemoveDirectory, path, path_len));
  return at.directory().remove_directory(at.path);
}

HostResult<> Preview1::path_rename(Call& call, uint32_t from_fd, uint32_t from, uint32_t from_len, uint32_t to_fd,
                                   uint32_t to, uint32_t to_len) {
  WHERRY_TRY(const Place source, place(context_.table, call, from_fd, Rights::kPathRenameSource, from, from_len));
  WHERRY_TRY(const Place target, place(context_.table, call, to_fd, Rights::kPathRenameTarget, to, to_len));
  return source.directory().rename(source.path, target.directory(), target.path);
}

HostResult<> Preview1::path_symlink(Call& call, uint32_t target, uint32_t target_len, uint32_t fd, uint32_t path,
                                    uint32_t path_len) {
  WHERRY_TRY(const Place at, place(context_.table, call, fd, Rights::kPathSymlink, path, path_len));
  WHERRY_TRY(const std::string text, call.memory.string(target, target_len, PATH_MAX));
  return at.directory().symlink(text, at.path);
}

HostResult<> Preview1::path_unlink_file(Call& call, uint32_t fd, uint32_t path, uint32_t path_len) {
  WHERRY_TRY(const Place at, place(context_.table, call, fd, Rights::kPathUnlinkFile, path, path_len));
  return at.directory().unlink(at.path);
}

}  // namespace wherry::wasi
