// Bytes that are wiped when they go: private keys, seeds, mnemonics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace tp::crypto {

// Overwrites memory in a way that the compiler may not remove.
void wipe(void* memory, std::size_t size);

// On the heap, never copied but by name, overwritten before it is freed. Moving leaves the source
// empty. What a caller copies out of view() is the caller's to wipe.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);  // zeros
  explicit SecretBytes(BytesView bytes);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes copy() const { return SecretBytes(view()); }
  std::span<std::uint8_t> span() { return {data_.get(), size_}; }
  const std::uint8_t* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  BytesView view() const { return {reinterpret_cast<const char*>(data_.get()), size_}; }

 private:
  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
};

}  // namespace tp::crypto
