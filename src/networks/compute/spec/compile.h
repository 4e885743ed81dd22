// From an SDL to what leaves the customer's machine: groups for the chain, the manifest for the
// provider, and its hash. Rules: specs/compute-market.md §1.5 to §1.10.
#pragma once

#include <vector>

#include "networks/compute/spec/groups.h"
#include "networks/compute/spec/manifest.h"
#include "networks/compute/spec/sdl.h"

namespace tp::compute {

// The two reference clients make different groups and manifests of one file. Chain and provider
// only check that the two of one client agree, so both work (docs/networks/compute-sdl.md lists
// each difference). Default everywhere: Go.
enum class ClientRules { kGo, kTypeScript };

struct CompiledSdl {
  std::vector<GroupSpec> groups;
  Manifest manifest;
  Hash256 hash;
};

// Precondition: `sdl` came from parse_sdl (perhaps with other denominations since). The result of
// Go's rules passes check_group_specs and check_manifest_against_groups. Cost: linear.
CompiledSdl compile_sdl(const Sdl& sdl, ClientRules rules = ClientRules::kGo);

}  // namespace tp::compute
