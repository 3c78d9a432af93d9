// The linker: from the objects of all shards to a native image.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/native_image.h"
#include "llvm/object.h"
#include "wherry/result.h"

namespace wherry::compiler {

/// `header` says what the image is: arch, flags, cpu_features, compiler; the rest is filled in here.
/// `stub_types` as emit.h makes it. Functions that no object holds are marked kNoCode. Takes the objects' contents.
/// Errors: kUnsupported for a relocation that an image cannot hold or that does not reach.
Result<std::vector<uint8_t>> link_image(const engine::ImageHeader& header, const wasm::Module& module,
                                        std::span<const uint32_t> stub_types, std::vector<ShardObject> objects);

}  // namespace wherry::compiler
