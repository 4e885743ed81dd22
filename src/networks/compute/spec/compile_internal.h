// Parts of compile.cpp that the checks need too. Internal to this folder.
#pragma once

#include <string>
#include <vector>

#include "networks/compute/spec/compile.h"

namespace tp::compute {

// A profile's volumes under their final names, in the order of §1.5 (Go) or of the file.
std::vector<Volume> volumes_of(const Sdl& sdl, const std::string& profile,
                               const SdlCompute& compute, ClientRules rules = ClientRules::kGo);

// A profile's resources, without id and endpoints.
Resources resources_of(const Sdl& sdl, const std::string& profile, const SdlCompute& compute,
                       ClientRules rules = ClientRules::kGo);

// As they stand in the manifest.
HttpOptions http_options(const SdlHttpOptions& written, ClientRules rules = ClientRules::kGo);

}  // namespace tp::compute
