// A byte string built in place: most keys and records are so short that a heap allocation costs
// more than everything else that is done with them.
#pragma once

#include <cstring>
#include <memory>

#include "base/bytes.h"

namespace tp {

// Appends like Bytes. Up to kInPlace bytes lie in the object itself, more on the heap. Neither
// copied nor moved: it is made where it is used.
class ShortBytes {
 public:
  static constexpr std::size_t kInPlace = 120;

  ShortBytes() = default;
  ShortBytes(const ShortBytes&) = delete;
  ShortBytes& operator=(const ShortBytes&) = delete;

  void push_back(char byte) {
    if (size_ == room_) grow(1);
    data_[size_++] = byte;
  }
  ShortBytes& append(const char* bytes, std::size_t count) {
    if (count > room_ - size_) grow(count);
    if (count > 0) std::memcpy(data_ + size_, bytes, count);
    size_ += count;
    return *this;
  }
  ShortBytes& append(BytesView bytes) { return append(bytes.data(), bytes.size()); }

  std::size_t size() const { return size_; }
  BytesView view() const { return {data_, size_}; }

 private:
  void grow(std::size_t more) {
    const std::size_t room = 2 * (size_ + more);
    auto larger = std::make_unique_for_overwrite<char[]>(room);
    std::memcpy(larger.get(), data_, size_);
    heap_ = std::move(larger);
    data_ = heap_.get();
    room_ = room;
  }

  std::size_t size_ = 0;
  std::size_t room_ = kInPlace;
  char* data_ = in_place_;
  std::unique_ptr<char[]> heap_;
  char in_place_[kInPlace];
};

}  // namespace tp
