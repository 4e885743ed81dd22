// How the steps of reading an SDL fit together. Internal to this folder.
//
//   text -> read_yaml (yaml_tree.h) -> decode_sdl -> check_references -> compile_sdl
//
// decode_sdl reads types, units and what each part may hold by itself; check_references compares
// the parts with each other and with the limits. Both go on after a fault, so that one run shows
// many.
#pragma once

#include <string>
#include <vector>

#include "networks/compute/spec/sdl.h"
#include "networks/compute/spec/yaml_tree.h"

namespace tp::compute {

class Issues {
 public:
  static constexpr std::size_t kMax = 100;

  void add(int line, std::string field, std::string text) {
    if (list_.size() < kMax) list_.push_back({line, std::move(field), std::move(text)});
  }
  bool empty() const { return list_.empty(); }
  // In the order of lines; the same fault at the same place once.
  std::vector<SdlIssue> take();

 private:
  std::vector<SdlIssue> list_;
};

Sdl decode_sdl(const YamlDocument& document, SdlMode mode, Issues& issues);

void check_references(const Sdl& sdl, const SdlOptions& options, Issues& issues);

std::string quoted(std::string_view text);  // "text", cut at 64 bytes

}  // namespace tp::compute
