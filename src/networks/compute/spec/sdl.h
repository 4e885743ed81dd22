// SDL, the Stack Definition Language: one YAML file in which a customer says what to run, on what
// resources, placed where, at what price. Versions 2.0 and 2.1.
//
//   text -> parse_sdl -> Sdl -> compile_sdl (compile.h) -> groups, manifest, hash
//
// Rules: specs/compute-market.md §1; where we differ and why: docs/networks/compute-sdl.md.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"
#include "base/time.h"
#include "networks/compute/spec/groups.h"
#include "networks/compute/spec/manifest.h"
#include "networks/compute/spec/quantity.h"

namespace tp::compute {

// Strict refuses what the TypeScript client's schema refuses: unknown keys, wrong types. Lenient
// reads what the Go client reads: keys that it does not know are ignored.
enum class SdlMode { kStrict, kLenient };

enum class SdlVersion { k2_0, k2_1 };

// One fault. `field` is a path ("services.web.expose[0].port"); `text` is a sentence that names the
// part, what was found, and what is allowed.
struct SdlIssue {
  int line = 0;  // from 1; 0 when the fault is of the whole file
  std::string field;
  std::string text;
  bool operator==(const SdlIssue&) const = default;
};

// All faults of one file, in the order of lines.
struct SdlErrors {
  std::string file;
  std::vector<SdlIssue> issues;

  // One line each: `app.yaml:14: service "web": port 70000 is outside 1..65535`.
  std::string to_string() const;
};

// --- What was written ---

struct SdlNumber {
  std::uint32_t value = 0;
  int line = 0;
};

// As written: a value that is absent gets its default in the manifest; 0 means "default" too.
struct SdlHttpOptions {
  std::optional<SdlNumber> max_body_size;
  std::optional<SdlNumber> read_timeout;
  std::optional<SdlNumber> send_timeout;
  std::optional<SdlNumber> next_tries;
  std::optional<SdlNumber> next_timeout;
  std::optional<SdlNumber> proxy_buffer_size;
  std::vector<std::string> next_cases;
  int line = 0;
};

struct SdlExposeTo {
  std::string service;
  bool global = false;
  std::string ip;
  int line = 0;
};

struct SdlExpose {
  std::uint32_t port = 0;
  std::uint32_t as = 0;  // 0: the same as `port`
  std::string proto;     // as written; empty means TCP
  std::vector<SdlExposeTo> to;
  OptionalList accept;
  SdlHttpOptions http_options;
  int line = 0;
};

struct SdlMount {
  std::string mount;
  bool read_only = false;
  int line = 0;
};

struct SdlServiceParams {
  std::map<std::string, SdlMount> storage;  // by volume
  std::optional<std::vector<std::string>> permissions_read;
  std::string tee;
  int line = 0;
};

struct SdlCredentials {
  std::string host;
  std::string email;
  std::string username;
  std::string password;
  int line = 0;
};

struct SdlService {
  std::string image;
  OptionalList command;
  OptionalList args;
  OptionalList env;
  std::vector<int> env_lines;  // one for each of `env`
  std::vector<SdlExpose> expose;
  std::vector<std::string> dependencies;  // read, without effect
  std::optional<SdlServiceParams> params;
  std::optional<SdlCredentials> credentials;
  int line = 0;
};

struct SdlGpuModel {
  std::string model;
  std::string ram;  // as written
  std::uint64_t ram_bytes = 0;
  std::string interface;
};

struct SdlVolume {
  std::string name;     // "default" when none is written
  bool single = false;  // written as a mapping, not in a list: Go then forgets the name
  ByteSize size;
  Attributes attributes;             // with what Go adds
  Attributes typescript_attributes;  // with what TypeScript adds: less
  int line = 0;
};

struct SdlCompute {
  std::uint64_t cpu_milli = 0;
  Attributes cpu_attributes;
  ByteSize memory;
  std::uint64_t gpu_units = 0;
  std::optional<std::vector<SdlGpuModel>> gpu_models;  // absent: no attributes; empty: any model
  std::vector<SdlVolume> volumes;                      // in the order of the file
  bool complete = false;  // cpu, memory and storage were there and could be read
  int line = 0;
  int cpu_line = 0;
  int memory_line = 0;
  int gpu_line = 0;
};

struct SdlPrice {
  Price price;
  bool valid = false;
  bool empty = false;  // nothing is written: no price, in lenient mode
  int line = 0;
};

struct SdlPlacement {
  Attributes attributes;
  SignedBy signed_by;
  int signed_by_line = 0;
  std::map<std::string, SdlPrice> pricing;  // by compute profile
  int line = 0;
};

struct SdlDeployment {
  std::string profile;
  std::uint32_t count = 0;
  int line = 0;  // of the profile
  int count_line = 0;
};

struct SdlEndpoint {
  std::string kind;
  int line = 0;
};

struct Sdl {
  SdlVersion version = SdlVersion::k2_0;
  std::map<std::string, SdlService> services;
  std::map<std::string, SdlCompute> compute;
  std::map<std::string, SdlPlacement> placement;
  // service -> placement -> profile and count
  std::map<std::string, std::map<std::string, SdlDeployment>> deployment;
  std::map<std::string, SdlEndpoint> endpoints;
  std::optional<Duration> reclamation_min_window;
};

// --- Reading ---

struct SdlOptions {
  SdlMode mode = SdlMode::kStrict;
  GroupLimits limits = {};
};

inline constexpr std::size_t kSdlBytesMax = std::size_t{512} << 10;
inline constexpr std::size_t kSdlNodesMax = 50'000;  // aliases count as often as they are used
inline constexpr std::size_t kSdlDepthMax = 64;

// Reads and checks the whole file; what it returns compiles. `file_name` is only for the errors.
// Reports as many faults as it can find in one pass. Cost: linear in the text.
std::expected<Sdl, SdlErrors> check_sdl(std::string_view text, std::string_view file_name,
                                        const SdlOptions& options = {});

// The same with the house's error: kInvalidSdl (or kTooLarge), whose text is
// SdlErrors::to_string().
Result<Sdl> parse_sdl(std::string_view text, std::string_view file_name,
                      const SdlOptions& options = {});
inline Result<Sdl> parse_sdl(std::string_view text, std::string_view file_name, SdlMode mode) {
  return parse_sdl(text, file_name, SdlOptions{.mode = mode});
}

}  // namespace tp::compute
