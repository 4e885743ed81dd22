#include "crypto/uuid.h"

#include "base/text.h"
#include "crypto/sha.h"

namespace tp::crypto {

const Uuid kUuidNamespaceDns = {{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00,
                                 0xc0, 0x4f, 0xd4, 0x30, 0xc8}};

Uuid uuid5(const Uuid& name_space, BytesView name) {
  const Hash160 digest = sha1(name_space.bytes().append(name));
  Uuid out = Uuid::of(digest.view().substr(0, Uuid::kSize));
  out.data[6] = static_cast<std::uint8_t>((out.data[6] & 0x0f) | 0x50);  // version 5
  out.data[8] = static_cast<std::uint8_t>((out.data[8] & 0x3f) | 0x80);  // RFC variant
  return out;
}

std::string to_text(const Uuid& uuid) {
  std::string text = to_hex(uuid.view());
  for (const std::size_t at : {20, 16, 12, 8}) text.insert(at, 1, '-');
  return text;
}

}  // namespace tp::crypto
