// Snapshots: a module that begins where an instance stands. A guest with a long start-up does it once.
//
//   run(instance, "init");
//   auto ready = snapshot(instance, {.drop_exports = {"init"}});
//   auto module = Module::from_binary(engine, *ready);       // or write it to a file
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wherry/instance.h"
#include "wherry/result.h"

namespace [[gnu::visibility("default")]] wherry {

struct SnapshotOptions {
  /// Exports that the new module is to be without: initialisers, which must not run again.
  std::vector<std::string> drop_exports = {};
};

/// The instance's module with the contents of its memories, its tables and its mutable globals as they are now, and
/// without its start function. Code, imports, types, and custom sections (but Wherry's own) stay. Not while a call
/// into the instance runs.
///
/// Errors: kUnsupported for what a module cannot hold: state that is imported (memories, tables, mutable globals),
/// references to objects (externref, structs, arrays, exceptions) or to functions of other instances; kNotFound: there
/// is no export of a name in drop_exports. What the host keeps for the guest (open files, say) is not part of a
/// snapshot.
Result<std::vector<uint8_t>> snapshot(const Instance& instance, const SnapshotOptions& options = {});

}  // namespace wherry
