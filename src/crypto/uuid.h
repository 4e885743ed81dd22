// Name-based UUIDs (RFC 9562 §5.5).
#pragma once

#include <string>

#include "base/bytes.h"

namespace tp::crypto {

using Uuid = FixedBytes<16, struct UuidTag>;

// The namespace of host names: 6ba7b810-9dad-11d1-80b4-00c04fd430c8.
extern const Uuid kUuidNamespaceDns;

Uuid uuid5(const Uuid& name_space, BytesView name);
std::string to_text(const Uuid& uuid);  // 8-4-4-4-12 lower-case digits

}  // namespace tp::crypto
