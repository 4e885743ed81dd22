// What the port answers from.
#pragma once

#include "chain/application.h"
#include "engine/solo/sequencer.h"
#include "index/index.h"

namespace tp::rpc {

// All must outlive whoever has them.
struct Sources {
  chain::Application& application;
  solo::Sequencer& sequencer;
  index::Index& index;
  const std::string& genesis_json;
};

}  // namespace tp::rpc
