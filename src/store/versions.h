// Which versions are alive, and what only old ones still need.
//
// A commit supersedes nodes and values: its base needs them, its result does not. Each waits on the
// newest living version that needs it. When that version dies, it waits on the next older living
// one, if that one needs it too (it was born no later), and else its memory is used again. Versions
// may die in any order.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "store/cold_values.h"
#include "store/key_map.h"
#include "store/smt.h"

namespace tp::store {

// The structures of one store, whose nodes all versions share.
struct StoreNodes {
  StoreId id;
  KeyMap map;
  SparseMerkleTree tree;
};

struct ColdName {
  StoreId store;
  Bytes key;
  Height written;
  std::size_t bytes;
};

// What one commit superseded, by position of the store.
struct Superseded {
  struct PerStore {
    SupersededNodes<KeyMap::Node> map;
    SupersededNodes<SparseMerkleTree::Node> tree;
  };
  std::map<std::size_t, PerStore> stores;
  std::vector<ColdName> cold;
};

class Versions {
 public:
  Versions(std::vector<std::unique_ptr<StoreNodes>>& stores, ColdValues& cold)
      : stores_(stores), cold_(cold) {}
  ~Versions();  // releases everything that waits
  Versions(const Versions&) = delete;
  Versions& operator=(const Versions&) = delete;

  void born(VersionNumber number, Height height);
  // `base` is alive and the newest version that needs what is superseded.
  void superseded(VersionNumber base, Superseded gone);
  void died(VersionNumber number);

  std::uint64_t waiting_bytes() const { return waiting_bytes_; }

 private:
  struct Version {
    Height height;
    Superseded waiting;
  };

  std::vector<std::unique_ptr<StoreNodes>>& stores_;
  ColdValues& cold_;
  std::map<VersionNumber, Version> alive_;
  std::uint64_t waiting_bytes_ = 0;
};

}  // namespace tp::store
