#include "wasm/encoder.h"

namespace wherry::wasm {

void append_section(Encoder& module, SectionId id, std::span<const uint8_t> content) {
  module.byte(static_cast<uint8_t>(id));
  module.sized(content);
}

void append_section(Encoder& module, SectionId id, const VectorSection& section) {
  if (section.count == 0) return;
  Encoder count;
  count.u32(section.count);
  module.byte(static_cast<uint8_t>(id));
  module.u64(count.size() + section.items.size());
  module.bytes(count.view());
  module.bytes(section.items.view());
}

void append_custom_section(Encoder& module, std::string_view name, std::span<const uint8_t> content) {
  Encoder head;
  head.name(name);
  module.byte(static_cast<uint8_t>(SectionId::kCustom));
  module.u64(head.size() + content.size());
  module.bytes(head.view());
  module.bytes(content);
}

}  // namespace wherry::wasm
