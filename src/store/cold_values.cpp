#include "store/cold_values.h"

#include "base/text.h"
#include "store/key.h"

namespace tp::store {
namespace {

// Hash node, list node and allocation headers, roughly: so that the bound holds for small values
// too.
constexpr std::size_t kOverhead = 160;

std::size_t charge(const Bytes& name, const Bytes& value) {
  return name.capacity() + value.capacity() + kOverhead;
}

Bytes name_of(StoreId store, BytesView key, Height written) {
  Bytes name;
  name.reserve(key.size() + 9);
  name.push_back(static_cast<char>(store.value));
  detail::append_ordered(name, written.value);
  name.append(key);
  return name;
}

}  // namespace

ColdValues::ColdValues(FlatState& disk, std::uint64_t cache_bytes)
    : disk_(disk), cache_bytes_per_shard_(cache_bytes / kShards) {}

void ColdValues::hold(StoreId store, BytesView key, Height written, BytesView value) {
  Bytes name = name_of(store, key, written);
  Shard& shard = shard_of(name);
  const std::lock_guard lock(shard.mutex);
  const auto [it, inserted] = shard.entries.try_emplace(std::move(name));
  TP_ASSERT(inserted);
  it->second.value = Bytes(value);
  held_bytes_ += charge(it->first, it->second.value);
}

void ColdValues::flushed(StoreId store, BytesView key, Height written) {
  const Bytes name = name_of(store, key, written);
  Shard& shard = shard_of(name);
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.entries.find(name);
  TP_ASSERT(it != shard.entries.end() && !it->second.on_disk);
  it->second.on_disk = true;
  if (it->second.superseded) return;
  held_bytes_ -= charge(it->first, it->second.value);
  become_cached(shard, it);
}

std::size_t ColdValues::supersede(StoreId store, BytesView key, Height written) {
  Bytes name = name_of(store, key, written);
  Shard& shard = shard_of(name);
  const auto mark = [&](Entries::iterator it) {
    TP_ASSERT(!it->second.superseded);
    if (it->second.cached()) {
      leave_cache(shard, it->second, it->first);
      held_bytes_ += charge(it->first, it->second.value);
    }
    it->second.superseded = true;
    return charge(it->first, it->second.value);
  };
  {
    const std::lock_guard lock(shard.mutex);
    if (const auto it = shard.entries.find(name); it != shard.entries.end()) return mark(it);
  }
  // Only on disk, where it is current until the flush of this commit, which has not begun.
  bool found = false;
  Bytes value = read_disk(store, key, written, found);
  const std::lock_guard lock(shard.mutex);
  const auto [it, inserted] = shard.entries.try_emplace(std::move(name));
  if (!inserted) return mark(it);  // a reader brought it in meanwhile
  if (!found) TP_FATAL("cold value of key " + to_hex(key) + " is neither in memory nor on disk");
  it->second.value = std::move(value);
  it->second.on_disk = true;
  it->second.superseded = true;
  const std::size_t bytes = charge(it->first, it->second.value);
  held_bytes_ += bytes;
  return bytes;
}

void ColdValues::drop(StoreId store, BytesView key, Height written) {
  const Bytes name = name_of(store, key, written);
  Shard& shard = shard_of(name);
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.entries.find(name);
  TP_ASSERT(it != shard.entries.end() && it->second.superseded);
  held_bytes_ -= charge(it->first, it->second.value);
  shard.entries.erase(it);
}

Bytes ColdValues::read(StoreId store, BytesView key, Height written) {
  Bytes name = name_of(store, key, written);
  Shard& shard = shard_of(name);
  // At most twice: when a flush overwrote the value on disk between our look into memory and our
  // read, then a commit had superseded it before, and it is in memory now.
  for (int attempt = 0; attempt < 2; ++attempt) {
    {
      const std::lock_guard lock(shard.mutex);
      if (const auto it = shard.entries.find(name); it != shard.entries.end()) {
        if (it->second.cached())
          shard.recent.splice(shard.recent.begin(), shard.recent, it->second.recent);
        return it->second.value;
      }
    }
    bool found = false;
    Bytes value = read_disk(store, key, written, found);
    if (!found) continue;
    const std::lock_guard lock(shard.mutex);
    const auto [it, inserted] = shard.entries.try_emplace(name);
    if (inserted) {
      it->second.value = value;
      it->second.on_disk = true;
      become_cached(shard, it);
    }
    return value;
  }
  TP_FATAL("cold value of key " + to_hex(key) + " written at height " +
           std::to_string(written.value) + " is neither in memory nor on disk");
}

Bytes ColdValues::read_disk(StoreId store, BytesView key, Height written, bool& found) {
  auto value = disk_.read(store, key);
  if (!value) TP_FATAL(value.error().text);
  found = *value && (*value)->written == written;
  return found ? std::move((*value)->value) : Bytes();
}

void ColdValues::become_cached(Shard& shard, Entries::iterator it) {
  shard.recent.push_front(&it->first);
  it->second.recent = shard.recent.begin();
  const std::size_t bytes = charge(it->first, it->second.value);
  shard.cached_bytes += bytes;
  cached_bytes_ += bytes;
  while (shard.cached_bytes > cache_bytes_per_shard_ && !shard.recent.empty()) {
    const auto last = shard.entries.find(*shard.recent.back());
    leave_cache(shard, last->second, last->first);
    shard.entries.erase(last);
  }
}

void ColdValues::leave_cache(Shard& shard, Entry& entry, const Bytes& name) {
  const std::size_t bytes = charge(name, entry.value);
  shard.cached_bytes -= bytes;
  cached_bytes_ -= bytes;
  shard.recent.erase(entry.recent);
}

}  // namespace tp::store
