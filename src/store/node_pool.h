// Memory for the nodes of one map, taken and given back by one thread at a time: free lists by size
// over large chunks. The general allocator spends more time on nodes of about a KiB than the map on
// filling them.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace tp::store {

// A chunk for nodes, aligned to its size. `large`: on huge pages where the system has them, which
// spares address translation in structures of many MiB; small ones would only waste memory on them.
// Freed with std::free.
constexpr std::size_t kChunkBytes = std::size_t{2} << 20;
std::byte* take_chunk(bool large);
// Structures of more chunks than this are large.
constexpr std::size_t kLargeFromChunks = 32;

class NodePool {
 public:
  NodePool() = default;
  ~NodePool();  // everything is gone
  NodePool(const NodePool&) = delete;
  NodePool& operator=(const NodePool&) = delete;

  void* take(std::size_t bytes);
  void give_back(void* memory, std::size_t bytes);  // `bytes` as it was taken

 private:
  static constexpr std::size_t kStep = 64;
  static constexpr std::size_t kLargest = 4'096;  // larger ones come from the general allocator

  struct Free {
    Free* next;
  };
  std::array<Free*, kLargest / kStep + 1> free_{};
  std::vector<std::byte*> chunks_;
  std::size_t left_ = 0;  // bytes at the end of the last chunk
};

}  // namespace tp::store
