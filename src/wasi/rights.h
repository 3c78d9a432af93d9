// WASI preview 1's rights: what a descriptor may be used for.
#pragma once

#include <cstdint>

#include "wasi/host/descriptor.h"

namespace wherry::wasi {

struct Rights {
  static constexpr uint64_t kFdDatasync = 1 << 0;
  static constexpr uint64_t kFdRead = 1 << 1;
  static constexpr uint64_t kFdSeek = 1 << 2;
  static constexpr uint64_t kFdFdstatSetFlags = 1 << 3;
  static constexpr uint64_t kFdSync = 1 << 4;
  static constexpr uint64_t kFdTell = 1 << 5;
  static constexpr uint64_t kFdWrite = 1 << 6;
  static constexpr uint64_t kFdAdvise = 1 << 7;
  static constexpr uint64_t kFdAllocate = 1 << 8;
  static constexpr uint64_t kPathCreateDirectory = 1 << 9;
  static constexpr uint64_t kPathCreateFile = 1 << 10;
  static constexpr uint64_t kPathLinkSource = 1 << 11;
  static constexpr uint64_t kPathLinkTarget = 1 << 12;
  static constexpr uint64_t kPathOpen = 1 << 13;
  static constexpr uint64_t kFdReaddir = 1 << 14;
  static constexpr uint64_t kPathReadlink = 1 << 15;
  static constexpr uint64_t kPathRenameSource = 1 << 16;
  static constexpr uint64_t kPathRenameTarget = 1 << 17;
  static constexpr uint64_t kPathFilestatGet = 1 << 18;
  static constexpr uint64_t kPathFilestatSetSize = 1 << 19;
  static constexpr uint64_t kPathFilestatSetTimes = 1 << 20;
  static constexpr uint64_t kFdFilestatGet = 1 << 21;
  static constexpr uint64_t kFdFilestatSetSize = 1 << 22;
  static constexpr uint64_t kFdFilestatSetTimes = 1 << 23;
  static constexpr uint64_t kPathSymlink = 1 << 24;
  static constexpr uint64_t kPathRemoveDirectory = 1 << 25;
  static constexpr uint64_t kPathUnlinkFile = 1 << 26;
  static constexpr uint64_t kPollFdReadwrite = 1 << 27;
  static constexpr uint64_t kSockShutdown = 1 << 28;
  static constexpr uint64_t kSockAccept = 1 << 29;

  static constexpr uint64_t kAll = (1 << 30) - 1;
  static constexpr uint64_t kTerminal = kFdRead | kFdFdstatSetFlags | kFdWrite | kFdFilestatGet | kPollFdReadwrite;
  static constexpr uint64_t kFile = kTerminal | kFdDatasync | kFdSeek | kFdSync | kFdTell | kFdAdvise | kFdAllocate |
                                    kFdFilestatSetSize | kFdFilestatSetTimes;
  static constexpr uint64_t kSocket = kTerminal | kSockShutdown | kSockAccept;
  static constexpr uint64_t kDirectory = kFdDatasync | kFdFdstatSetFlags | kFdSync | kPathCreateDirectory |
                                         kPathCreateFile | kPathLinkSource | kPathLinkTarget | kPathOpen | kFdReaddir |
                                         kPathReadlink | kPathRenameSource | kPathRenameTarget | kPathFilestatGet |
                                         kPathFilestatSetSize | kPathFilestatSetTimes | kFdFilestatGet |
                                         kFdFilestatSetTimes | kPathSymlink | kPathRemoveDirectory | kPathUnlinkFile;
  /// Without one of these a file is opened read-only.
  static constexpr uint64_t kWriting = kFdWrite | kFdAllocate | kFdFilestatSetSize;

  /// Those that mean something for a descriptor. Guests know a terminal by its lack of kFdSeek and kFdTell.
  static uint64_t applicable(const host::Descriptor& descriptor) {
    switch (descriptor.type()) {
      case host::FileType::kDirectory:
        return kDirectory;
      case host::FileType::kSocketDgram:
      case host::FileType::kSocketStream:
        return kSocket;
      case host::FileType::kCharacterDevice:
        return descriptor.is_terminal() ? kTerminal : kFile;
      default:
        return kFile;
    }
  }
};

}  // namespace wherry::wasi
