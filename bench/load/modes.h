// What turnpike_load does, one function a mode.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace tp::load {

// NAME=VALUE from the command line.
class Settings {
 public:
  explicit Settings(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  std::string text(const std::string& name) const;
  std::uint64_t number(const std::string& name, std::uint64_t otherwise) const;

 private:
  std::map<std::string, std::string> values_;
};

// genesis=FILE accounts=N signers=N: puts accounts into a genesis file.
Result<void> genesis(const Settings& settings);
// rpc=URL closed=N open=N: lives N deployments to their end, and begins others that stay. Every
// message is executed by the node; a transaction carries up to 50 of one signer's.
Result<void> history(const Settings& settings);
// rpc=URL closed=N open=N asks=N: asks everything that clients ask, and prints a table and the
// figure. Fails when an answer is not what history() made.
Result<void> queries(const Settings& settings);
// rpc=URL accounts=N signers=N transfers=N connections=N batch=N: sends transfers signed before,
// and prints the figure.
Result<void> transfers(const Settings& settings);
// rpc=URL accounts=N transfers=N: sends one transfer after the other, each when the node rests, and
// prints the figures of how long it took into a durable block. `accounts` is for the record only.
Result<void> latency(const Settings& settings);

}  // namespace tp::load
