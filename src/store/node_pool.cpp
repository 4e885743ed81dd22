#include "store/node_pool.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

#include "base/result.h"

namespace tp::store {

namespace {

// What is given back was last used long ago: the memory for the next node of this size is fetched
// in advance.
void fetch(const void* memory, std::size_t bytes) {
  if (memory == nullptr) return;
  for (std::size_t at = 0; at < bytes; at += 64)
    __builtin_prefetch(static_cast<const char*>(memory) + at, 1);
}

}  // namespace

std::byte* take_chunk(bool large) {
  void* memory = std::aligned_alloc(kChunkBytes, kChunkBytes);
  if (memory == nullptr) TP_FATAL("out of memory");
  if (large) ::madvise(memory, kChunkBytes, MADV_HUGEPAGE);  // advice: nothing depends on it
  return static_cast<std::byte*>(memory);
}

NodePool::~NodePool() {
  for (std::byte* chunk : chunks_) std::free(chunk);
}

void* NodePool::take(std::size_t bytes) {
  if (bytes > kLargest) return ::operator new(bytes);
  const std::size_t steps = (bytes + kStep - 1) / kStep;
  if (Free* memory = free_[steps]) {
    free_[steps] = memory->next;
    fetch(memory->next, bytes);
    return memory;
  }
  const std::size_t size = steps * kStep;
  if (left_ < size) {
    chunks_.push_back(take_chunk(chunks_.size() >= kLargeFromChunks));
    left_ = kChunkBytes;
  }
  std::byte* memory = chunks_.back() + (kChunkBytes - left_);
  left_ -= size;
  return memory;
}

void NodePool::give_back(void* memory, std::size_t bytes) {
  if (bytes > kLargest) {
    ::operator delete(memory);
    return;
  }
  Free*& free = free_[(bytes + kStep - 1) / kStep];
  free = new (memory) Free{free};
}

}  // namespace tp::store
