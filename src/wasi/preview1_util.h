// What the functions of preview 1 share.
#pragma once

#include "wasi/host/descriptor_table.h"
#include "wasi/host/directory.h"
#include "wasi/preview1.h"
#include "wasi/rights.h"

namespace wherry::wasi {

/// The descriptor, if it has all of `rights`. Errors: kBadf; of a descriptor that can never do it, what POSIX says of
/// such; else kNotcapable.
host::HostResult<host::TableEntry> find(const host::DescriptorTable& table, uint32_t fd, uint64_t rights);

/// Whether an entry has all of `rights`; the same errors otherwise.
host::HostResult<> check_rights(const host::TableEntry& entry, uint64_t rights);

/// fstflags of the two set_times functions. Error: kInval.
struct Times {
  host::TimeChange accessed;
  host::TimeChange modified;
};
host::HostResult<Times> times(uint64_t accessed, uint64_t modified, uint32_t which);

host::HostResult<> store_file_stat(const Call& call, uint32_t address, const host::FileStat& stat);

}  // namespace wherry::wasi
