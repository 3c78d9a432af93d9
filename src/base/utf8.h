// UTF-8 as the Unicode standard defines it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
#pragma once

#include <string_view>

namespace wherry::base {

bool is_utf8(std::string_view bytes);

}  // namespace wherry::base
