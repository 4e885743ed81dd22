// RocksDB on our Disk, so that tests and simulation decide what a crash leaves of the state.
// Include only from .cpp files that use RocksDB.
#pragma once

#include <rocksdb/env.h>

#include <memory>
#include <string_view>

#include "base/disk.h"

namespace tp::store {

// An environment whose every file goes through `disk`, which must outlive it; threads and time are
// the system's.
std::unique_ptr<rocksdb::Env> rocks_env_on(Disk& disk);

// RocksDB's complaints go to our log under `component`; it keeps no log file of its own.
std::shared_ptr<rocksdb::Logger> rocks_complaints(std::string_view component);

}  // namespace tp::store
