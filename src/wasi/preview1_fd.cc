// Functions on descriptors.
#include <algorithm>

#include "wasi/preview1_util.h"

namespace wherry::wasi {

using host::Descriptor;
using host::DescriptorFlags;
using host::Directory;
using host::Errno;
using host::error;
using host::HostResult;
using host::TableEntry;

namespace {

struct GuestFdstat {
  uint8_t type;
  uint8_t padding1;
  uint16_t flags;
  uint32_t padding2;
  uint64_t rights;
  uint64_t inheriting;
};
static_assert(sizeof(GuestFdstat) == 24);

struct GuestFilestat {
  uint64_t device;
  uint64_t inode;
  uint8_t type;
  uint8_t padding[7];
  uint64_t links;
  uint64_t size;
  uint64_t accessed;
  uint64_t modified;
  uint64_t changed;
};
static_assert(sizeof(GuestFilestat) == 64);

struct GuestFilestatUnstable {
  uint64_t device;
  uint64_t inode;
  uint8_t type;
  uint8_t padding[3];
  uint32_t links;
  uint64_t size;
  uint64_t accessed;
  uint64_t modified;
  uint64_t changed;
};
static_assert(sizeof(GuestFilestatUnstable) == 56);

struct GuestPrestat {
  uint8_t tag;  ///< 0: a directory.
  uint8_t padding[3];
  uint32_t name_len;
};
static_assert(sizeof(GuestPrestat) == 8);

struct GuestDirent {
  uint64_t next;
  uint64_t inode;
  uint32_t name_len;
  uint8_t type;
  uint8_t padding[3];
};
static_assert(sizeof(GuestDirent) == 24);

HostResult<> store_size(const Call& call, uint32_t address, const HostResult<size_t>& size) {
  if (!size) return error(size.error());
  return call.memory.store(address, static_cast<uint32_t>(*size));
}

HostResult<host::Whence> whence(Abi abi, uint32_t number) {
  using enum host::Whence;
  constexpr host::Whence kPreview1[] = {kSet, kCur, kEnd}, kUnstable[] = {kCur, kEnd, kSet};
  if (number >= 3) return error(Errno::kInval);
  return abi == Abi::kPreview1 ? kPreview1[number] : kUnstable[number];
}

HostResult<std::string_view> preopen_name(const TableEntry& entry) {
  if (entry.preopen_name == nullptr) return error(Errno::kBadf);  // As a number that is not in use: guests stop here.
  return std::string_view(*entry.preopen_name);
}

/// Writes, if the guest may still write so much.
template <class Write>
HostResult<size_t> within_quota(host::OutputQuota& quota, std::span<const iovec> vectors, Write write) {
  uint64_t wanted = 0;
  for (const iovec& vector : vectors) wanted += vector.iov_len;
  if (!quota.take(wanted)) return error(Errno::kDquot);
  const HostResult<size_t> written = write();
  quota.give_back(wanted - written.value_or(0));
  return written;
}

}  // namespace

HostResult<TableEntry> find(const host::DescriptorTable& table, uint32_t fd, uint64_t rights) {
  WHERRY_TRY(TableEntry entry, table.get(fd));
  WHERRY_CHECK(check_rights(entry, rights));
  return entry;
}

HostResult<> check_rights(const TableEntry& entry, uint64_t rights) {
  const uint64_t missing = rights & ~entry.rights;
  if (missing == 0) return {};
  const uint64_t never = missing & ~Rights::applicable(*entry.descriptor);
  constexpr uint64_t kPaths = Rights::kDirectory & ~Rights::kFile;
  if (entry.descriptor->as_directory() != nullptr && (never & Rights::kFile) != 0) return error(Errno::kIsdir);
  if (entry.descriptor->as_directory() == nullptr && (never & kPaths) != 0) return error(Errno::kNotdir);
  if ((never & (Rights::kFdSeek | Rights::kFdTell)) != 0) return error(Errno::kSpipe);
  return error(Errno::kNotcapable);
}

HostResult<Times> times(uint64_t accessed, uint64_t modified, uint32_t which) {
  constexpr uint32_t kAccessed = 1, kAccessedNow = 2, kModified = 4, kModifiedNow = 8, kAll = 15;
  constexpr uint32_t kBothAccessed = kAccessed | kAccessedNow, kBothModified = kModified | kModifiedNow;
  if ((which & ~kAll) != 0 || (which & kBothAccessed) == kBothAccessed || (which & kBothModified) == kBothModified) {
    return error(Errno::kInval);
  }
  auto change = [which](uint32_t set, uint32_t now, uint64_t time) -> host::TimeChange {
    if ((which & set) != 0) return {host::TimeChange::kSet, time};
    if ((which & now) != 0) return {host::TimeChange::kNow};
    return {};
  };
  return Times{change(kAccessed, kAccessedNow, accessed), change(kModified, kModifiedNow, modified)};
}

HostResult<> store_file_stat(const Call& call, uint32_t address, const host::FileStat& stat) {
  const auto type = static_cast<uint8_t>(stat.type);
  if (call.abi == Abi::kUnstable) {
    const auto links = static_cast<uint32_t>(std::min<uint64_t>(stat.links, UINT32_MAX));
    return call.memory.store(
        address, GuestFilestatUnstable{
                     stat.device, stat.inode, type, {}, links, stat.size, stat.accessed, stat.modified, stat.changed});
  }
  return call.memory.store(
      address,
      GuestFilestat{
          stat.device, stat.inode, type, {}, stat.links, stat.size, stat.accessed, stat.modified, stat.changed});
}

HostResult<> Preview1::fd_advise(Call&, uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice) {
  constexpr uint32_t kAdvices = 6;
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdAdvise));
  if (advice >= kAdvices) return error(Errno::kInval);
  return entry.descriptor->advise(offset, size, static_cast<host::Advice>(advice));
}

HostResult<> Preview1::fd_allocate(Call&, uint32_t fd, uint64_t offset, uint64_t size) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdAllocate));
  return entry.descriptor->allocate(offset, size);
}

HostResult<> Preview1::fd_close(Call&, uint32_t fd) { return context_.table.close(fd); }

HostResult<> Preview1::fd_datasync(Call&, uint32_t fd) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdDatasync));
  return entry.descriptor->datasync();
}

HostResult<> Preview1::fd_fdstat_get(Call& call, uint32_t fd, uint32_t stat_out) {
  WHERRY_TRY(const TableEntry entry, context_.table.get(fd));
  const Descriptor& descriptor = *entry.descriptor;
  return call.memory.store(stat_out, GuestFdstat{static_cast<uint8_t>(descriptor.type()), 0, descriptor.flags(), 0,
                                                 entry.rights, entry.inheriting});
}

HostResult<> Preview1::fd_fdstat_set_flags(Call&, uint32_t fd, uint32_t flags) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdFdstatSetFlags));
  if ((flags & ~DescriptorFlags::kAll) != 0) return error(Errno::kInval);
  return entry.descriptor->set_flags(static_cast<uint16_t>(flags));
}

HostResult<> Preview1::fd_fdstat_set_rights(Call&, uint32_t fd, uint64_t rights, uint64_t inheriting) {
  return context_.table.reduce_rights(fd, rights, inheriting);
}

HostResult<> Preview1::fd_filestat_get(Call& call, uint32_t fd, uint32_t stat_out) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdFilestatGet));
  WHERRY_TRY(const host::FileStat stat, entry.descriptor->stat());
  return store_file_stat(call, stat_out, stat);
}

HostResult<> Preview1::fd_filestat_set_size(Call&, uint32_t fd, uint64_t size) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdFilestatSetSize));
  return entry.descriptor->set_size(size);
}

HostResult<> Preview1::fd_filestat_set_times(Call&, uint32_t fd, uint64_t accessed, uint64_t modified, uint32_t which) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdFilestatSetTimes));
  WHERRY_TRY(const Times changes, times(accessed, modified, which));
  return entry.descriptor->set_times(changes.accessed, changes.modified);
}

HostResult<> Preview1::fd_pread(Call& call, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint64_t offset,
                                uint32_t size_out) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdRead | Rights::kFdSeek));
  WHERRY_TRY(const IoVectors vectors, call.memory.io_vectors(iovs, iovs_len));
  WHERRY_CHECK(call.memory.range(size_out, sizeof(uint32_t)));
  return store_size(call, size_out, entry.descriptor->pread(vectors.span(), offset));
}

HostResult<> Preview1::fd_prestat_get(Call& call, uint32_t fd, uint32_t prestat_out) {
  WHERRY_TRY(const TableEntry entry, context_.table.get(fd));
  WHERRY_TRY(const std::string_view name, preopen_name(entry));
  return call.memory.store(prestat_out, GuestPrestat{0, {}, static_cast<uint32_t>(name.size())});
}

HostResult<> Preview1::fd_prestat_dir_name(Call& call, uint32_t fd, uint32_t path, uint32_t path_len) {
  WHERRY_TRY(const TableEntry entry, context_.table.get(fd));
  WHERRY_TRY(const std::string_view name, preopen_name(entry));
  if (path_len < name.size()) return error(Errno::kNametoolong);
  return call.memory.write(path, name);
}

HostResult<> Preview1::fd_pwrite(Call& call, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint64_t offset,
                                 uint32_t size_out) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdWrite | Rights::kFdSeek));
  WHERRY_TRY(const IoVectors vectors, call.memory.io_vectors(iovs, iovs_len));
  WHERRY_CHECK(call.memory.range(size_out, sizeof(uint32_t)));
  return store_size(call, size_out, within_quota(context_.output, vectors.span(), [&] {
                      return entry.descriptor->pwrite(vectors.span(), offset);
                    }));
}

HostResult<> Preview1::fd_read(Call& call, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t size_out) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdRead));
  WHERRY_TRY(const IoVectors vectors, call.memory.io_vectors(iovs, iovs_len));
  WHERRY_CHECK(call.memory.range(size_out, sizeof(uint32_t)));
  return store_size(call, size_out, entry.descriptor->read(vectors.span(), call.waiter));
}

HostResult<> Preview1::fd_readdir(Call& call, uint32_t fd, uint32_t buffer, uint32_t buffer_len, uint64_t cookie,
                                  uint32_t size_out) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdReaddir));
  Directory* directory = entry.descriptor->as_directory();
  if (directory == nullptr) return error(Errno::kNotdir);
  WHERRY_TRY(const auto all, call.memory.range(buffer, buffer_len));
  WHERRY_CHECK(call.memory.range(size_out, sizeof(uint32_t)));
  auto left = all;
  // Fills the buffer to its end, cutting the last entry: a buffer that is not full means that there are no more
  // entries.
  auto put = [&left](const void* bytes, size_t size) {
    size = std::min(size, left.size());
    if (size != 0) std::memcpy(left.data(), bytes, size);
    left = left.subspan(size);
  };
  WHERRY_CHECK(directory->read_entries(cookie, buffer_len, [&](const host::DirectoryEntry& found) {
    const GuestDirent dirent = {
        found.next, found.inode, static_cast<uint32_t>(found.name.size()), static_cast<uint8_t>(found.type), {}};
    put(&dirent, sizeof dirent);
    put(found.name.data(), found.name.size());
    return !left.empty();
  }));
  return call.memory.store(size_out, static_cast<uint32_t>(all.size() - left.size()));
}

HostResult<> Preview1::fd_renumber(Call&, uint32_t from, uint32_t to) { return context_.table.renumber(from, to); }

HostResult<> Preview1::fd_seek(Call& call, uint32_t fd, uint64_t offset, uint32_t whence_number, uint32_t offset_out) {
  WHERRY_TRY(const host::Whence from, whence(call.abi, whence_number));
  if (from == host::Whence::kCur && offset == 0) return fd_tell(call, fd, offset_out);
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdSeek));
  WHERRY_CHECK(call.memory.range(offset_out, sizeof(uint64_t)));
  WHERRY_TRY(const uint64_t now, entry.descriptor->seek(static_cast<int64_t>(offset), from));
  return call.memory.store(offset_out, now);
}

HostResult<> Preview1::fd_sync(Call&, uint32_t fd) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdSync));
  return entry.descriptor->sync();
}

HostResult<> Preview1::fd_tell(Call& call, uint32_t fd, uint32_t offset_out) {
  // The right to seek implies the right to tell.
  WHERRY_TRY(const TableEntry seeker, context_.table.get(fd));
  const uint64_t needed = (seeker.rights & Rights::kFdSeek) != 0 ? Rights::kFdSeek : Rights::kFdTell;
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, needed));
  WHERRY_TRY(const uint64_t now, entry.descriptor->seek(0, host::Whence::kCur));
  return call.memory.store(offset_out, now);
}

HostResult<> Preview1::fd_write(Call& call, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t size_out) {
  WHERRY_TRY(const TableEntry entry, find(context_.table, fd, Rights::kFdWrite));
  WHERRY_TRY(const IoVectors vectors, call.memory.io_vectors(iovs, iovs_len));
  WHERRY_CHECK(call.memory.range(size_out, sizeof(uint32_t)));
  return store_size(call, size_out, within_quota(context_.output, vectors.span(), [&] {
                      return entry.descriptor->write(vectors.span(), call.waiter);
                    }));
}

}  // namespace wherry::wasi
