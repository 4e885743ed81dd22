// How many files and sockets a daemon may have open at a time.
#pragma once

#include <cstdint>

namespace tp::agent {

// Raises the limit of the process as far as it may by itself, which systems leave at 1,024 for the
// sake of old programs. Call it before servers start. Returns the limit from now on.
std::uint64_t raise_open_file_limit();

}  // namespace tp::agent
