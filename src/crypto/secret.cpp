#include "crypto/secret.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

namespace tp::crypto {

void wipe(void* memory, std::size_t size) {
  if (size > 0) sodium_memzero(memory, size);
}

SecretBytes::SecretBytes(std::size_t size)
    : data_(size == 0 ? nullptr : std::make_unique<std::uint8_t[]>(size)), size_(size) {}

SecretBytes::SecretBytes(BytesView bytes) : SecretBytes(bytes.size()) {
  std::copy_n(as_u8(bytes), size_, data_.get());
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  SecretBytes old = std::move(*this);  // wiped at the end of this function
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

SecretBytes::~SecretBytes() {
  wipe(data_.get(), size_);
}

}  // namespace tp::crypto
