// Text of tenants and of the programs that we run for them may be any bytes; what is shown of it is
// UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tp::compute::workload {

// `text` with U+FFFD in place of each byte that is no part of a character.
std::string valid_utf8(std::string_view text);
// At most `bytes` of the beginning or the end, no character cut.
std::string_view first_bytes(std::string_view text, std::size_t bytes);
std::string_view last_bytes(std::string_view text, std::size_t bytes);

}  // namespace tp::compute::workload
