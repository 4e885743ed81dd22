#include "store/write_map.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/result.h"
#include "store/key_order.h"

namespace tp::store {
char* Arena::allocate(std::size_t size) {
  size = (size + 7) / 8 * 8;
  if (size > left_) {
    const std::size_t chunk = std::max(size, chunk_size_);
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(chunk));
    next_ = chunks_.back().get();
    left_ = chunk;
    chunk_size_ = std::min<std::size_t>(chunk_size_ * 2, 1u << 20);
  }
  left_ -= size;
  return std::exchange(next_, next_ + size);
}

void UndoLog::begin() {
  TP_ASSERT(!open_);
  open_ = true;
  if (++attempt_ == 0) ++attempt_;  // 0 is none
}

void UndoLog::note(WriteEntry& entry) {
  if (!open_ || entry.attempt_ == attempt_) return;
  entry.attempt_ = attempt_;
  notes_.push_back({&entry, entry.value_size_, entry.knows_, values_.size()});
  values_.append(entry.value());
}

void UndoLog::keep() {
  notes_.clear();
  values_.clear();
  open_ = false;
}

void UndoLog::take_back() {
  for (const Note& note : notes_) {
    WriteEntry& entry = *note.entry;
    // The room of a value never shrinks.
    if (note.value_size > 0)
      std::memcpy(entry.value_, values_.data() + note.value_at, note.value_size);
    entry.value_size_ = note.value_size;
    entry.knows_ = note.knows;
  }
  keep();
}

const WriteEntry* WriteMap::find(std::uint64_t hash, BytesView key) const {
  const WriteEntry* entry = find_entry(hash, key);
  if (entry == nullptr || entry->written()) return entry;
  const bool known = entry->knows_ != WriteEntry::Knows::kNothing && entry->below_ == below_;
  return known ? entry : nullptr;
}

std::optional<bool> WriteMap::presence(const WriteEntry* entry) {
  if (entry == nullptr) return std::nullopt;
  return entry->knows_ == WriteEntry::Knows::kPresence || !entry->erased();
}

WriteEntry* WriteMap::find_entry(std::uint64_t hash, BytesView key) const {
  if (entries_.size() <= kFew) {
    for (WriteEntry* entry : entries_)
      if (entry->hash_ == hash && entry->key() == key) return entry;
    return nullptr;
  }
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask; slots_[i].entry != nullptr; i = (i + 1) & mask)
    if (slots_[i].hash == hash && slots_[i].entry->key() == key) return slots_[i].entry;
  return nullptr;
}

WriteEntry& WriteMap::entry_of(Arena& arena, std::uint64_t hash, BytesView key) {
  if (WriteEntry* found = find_entry(hash, key)) return *found;
  auto* entry = new (arena.allocate(sizeof(WriteEntry) + key.size())) WriteEntry;
  entry->hash_ = hash;
  entry->key_size_ = static_cast<std::uint32_t>(key.size());
  std::memcpy(reinterpret_cast<char*>(entry + 1), key.data(), key.size());
  entries_.push_back(entry);
  if (entries_.size() > kFew) insert_slot(entry);
  return *entry;
}

void WriteMap::set(Arena& arena, UndoLog& undo, std::uint64_t hash, BytesView key,
                   BytesView value) {
  WriteEntry& entry = entry_of(arena, hash, key);
  undo.note(entry);
  entry.knows_ = WriteEntry::Knows::kWritten;
  if (!entry.listed_) {
    entry.listed_ = true;
    written_.push_back(&entry);
  }
  set_value(arena, entry, value);
}

void WriteMap::set_value(Arena& arena, WriteEntry& entry, BytesView value) {
  if (value.size() > entry.value_room_) {
    // A value that grows again and again must not leave a copy of each size behind.
    const std::size_t room = entry.value_room_ == 0 ? value.size() : value.size() * 3 / 2;
    entry.value_ = arena.allocate(room);
    entry.value_room_ = static_cast<std::uint32_t>(room);
  }
  if (!value.empty()) std::memcpy(entry.value_, value.data(), value.size());
  entry.value_size_ = static_cast<std::uint32_t>(value.size());
}

void WriteMap::remember(Arena& arena, std::uint64_t hash, BytesView key, BytesView value) {
  if (value.size() > kRememberedBytes) return remember_presence(arena, hash, key);
  WriteEntry* entry = remembered_entry(arena, hash, key);
  if (entry == nullptr) return;
  entry->knows_ = WriteEntry::Knows::kBelow;
  set_value(arena, *entry, value);
}

void WriteMap::remember_presence(Arena& arena, std::uint64_t hash, BytesView key) {
  WriteEntry* entry = remembered_entry(arena, hash, key);
  if (entry == nullptr) return;
  entry->knows_ = WriteEntry::Knows::kPresence;
  entry->value_size_ = 0;
}

// Null when enough is remembered.
WriteEntry* WriteMap::remembered_entry(Arena& arena, std::uint64_t hash, BytesView key) {
  const bool is_full = entries_.size() - written_.size() >= kRememberedMax;
  WriteEntry* entry = is_full ? find_entry(hash, key) : &entry_of(arena, hash, key);
  if (entry == nullptr) return nullptr;
  TP_ASSERT(!entry->written());
  entry->below_ = below_;
  return entry;
}

// Precondition: `entry` is the last of entries_.
void WriteMap::insert_slot(WriteEntry* entry) {
  if (entries_.size() * 2 > slots_.size()) grow();
  place({entry->hash_, entry});
}

void WriteMap::place(const Slot& slot) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = slot.hash & mask;
  while (slots_[i].entry != nullptr) i = (i + 1) & mask;
  slots_[i] = slot;
}

// All but the last entry have places then.
void WriteMap::grow() {
  const std::vector<Slot> before =
      std::exchange(slots_, std::vector<Slot>(std::max<std::size_t>(slots_.size() * 2, 4 * kFew)));
  if (before.empty()) {
    for (std::size_t i = 0; i + 1 < entries_.size(); ++i) place({entries_[i]->hash_, entries_[i]});
    return;
  }
  for (const Slot& slot : before)
    if (slot.entry != nullptr) place(slot);
}

std::vector<const WriteEntry*> WriteMap::sorted() const {
  std::vector<const WriteEntry*> out;
  out.reserve(written_.size());
  std::ranges::copy_if(written_, std::back_inserter(out), &WriteEntry::written);
  sort_by_key(out, [](const WriteEntry* entry) { return entry->key(); });
  return out;
}

}  // namespace tp::store
