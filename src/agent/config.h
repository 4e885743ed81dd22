// Configuration files: TOML with every key declared, documented and checked. Unknown keys are
// refused.
//
//   Config config("node.toml");
//   config.text("rpc.listen", &options.listen, "address and port of the JSON-RPC");
//   TRY_VOID(config.load(disk, path));
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "base/time.h"

namespace tp::agent {

enum class ConfigError : std::uint32_t { kInvalid = 2 };
ErrorInfo describe(ConfigError error);

class Config {
 public:
  // `title`: the first line of a written file.
  explicit Config(std::string title) : title_(std::move(title)) {}

  // Each declares one key ("section.key" or "key") whose present value is the default. `help` says
  // what it means, in one line. Targets must outlive load().
  void text(std::string key, std::string* target, std::string help);
  void texts(std::string key, std::vector<std::string>* target, std::string help);
  void boolean(std::string key, bool* target, std::string help);
  // At least `min`, at most `max`.
  void number(std::string key, std::uint64_t* target, std::uint64_t min, std::uint64_t max,
              std::string help);
  // "250ms", "5s", "10m", "24h".
  void duration(std::string key, Duration* target, std::string help);

  // Reads the file over the defaults. Errors: ConfigError::kInvalid "<path>:<line>: <key>: what is
  // wrong, what is allowed", for every unknown key, wrong type and value; those of Disk::read.
  Result<void> load(Disk& disk, const std::string& path);
  // The same from text; `path` for messages.
  Result<void> parse(std::string_view toml, const std::string& path);

  // The file with every key, its help and its present value.
  std::string documented() const;

 private:
  struct Value;  // a TOML value with its place
  struct Key {
    std::string name;
    std::string help;
    std::function<Result<void>(const Value&)> read;
    std::function<std::string()> write;  // as TOML
  };

  const Key* find(std::string_view name) const;

  std::string title_;
  std::vector<Key> keys_;
};

// "1h30m", "250ms", "5s". Errors: ConfigError::kInvalid.
Result<Duration> parse_duration(std::string_view text);
std::string to_text(Duration span);

}  // namespace tp::agent
