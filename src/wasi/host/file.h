// Host files that are neither directory nor socket: regular files, pipes, terminals, devices.
#pragma once

#include "wasi/host/descriptor.h"
#include "wasi/host/fd.h"

namespace wherry::wasi::host {

class File final : public Descriptor {
 public:
  /// `info` is of `fd`; `flags`: as the file was opened.
  File(Fd fd, const struct stat& info, Access access, uint16_t flags);

  FileType type() const override { return type_; }
  bool is_terminal() const override;
  HostResult<> set_flags(uint16_t flags) override;
  HostResult<size_t> read(std::span<const iovec> to, Waiter& waiter) override;
  HostResult<size_t> write(std::span<const iovec> from, Waiter& waiter) override;
  HostResult<size_t> pread(std::span<const iovec> to, uint64_t offset) override;
  HostResult<size_t> pwrite(std::span<const iovec> from, uint64_t offset) override;
  HostResult<uint64_t> seek(int64_t offset, Whence whence) override;
  HostResult<FileStat> stat() const override;
  HostResult<> set_size(uint64_t size) override;
  HostResult<> set_times(TimeChange accessed, TimeChange modified) override;
  HostResult<> allocate(uint64_t offset, uint64_t size) override;
  HostResult<> advise(uint64_t offset, uint64_t size, Advice advice) override;
  HostResult<> sync() override;
  HostResult<> datasync() override;
  int poll_fd() const override { return may_block() ? fd_.get() : -1; }
  int host_fd() const override { return fd_.get(); }
  uint64_t readable_bytes() const override;

 private:
  /// Whether reads and writes can wait for someone.
  bool may_block() const { return fifo_ || type_ == FileType::kCharacterDevice; }
  bool nonblocking() const { return (flags() & DescriptorFlags::kNonblock) != 0; }
  /// kAgain if a read or write would block.
  HostResult<> check_ready(short events, Waiter& waiter) const;

  const Fd fd_;
  const FileType type_;
  const bool fifo_;
  const Access access_;
};

/// The descriptor for a host descriptor of any kind: file, directory, pipe, terminal, or socket. Pass Fd::borrow() for
/// a standard stream. Error: kBadf if it is closed.
HostResult<std::shared_ptr<Descriptor>> adopt(Fd fd);

}  // namespace wherry::wasi::host
