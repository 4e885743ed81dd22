// What `turnpike sdl check` says about a file, for a person or as JSON.
#pragma once

#include <string>
#include <string_view>

#include "networks/compute/spec/compile.h"
#include "networks/compute/spec/denominations.h"
#include "networks/compute/spec/sdl.h"

namespace tp::compute {

struct SdlReportOptions {
  SdlOptions sdl;
  ClientRules rules = ClientRules::kGo;
  DenominationMap denominations;  // empty: prices stay as written
};

// One JSON object. Valid: {"file","valid":true,"version","hash" (hex),"groups","manifest",
// "denominations":[{"placement","profile","from","to","line"}]}, groups in the shape of Akash's
// REST answers, the manifest in its canonical form. Invalid:
// {"file","valid":false,"errors":[{"line", "field","text"}]}.
std::string sdl_report_json(std::string_view text, std::string_view file_name,
                            const SdlReportOptions& options = {});

// The groups in the shape of Akash's REST answers: {"name","requirements","resources":[...]}.
std::string groups_json(const std::vector<GroupSpec>& groups);

// A few lines: each service with its resources, count and most it may cost, and the hash; or the
// errors, one a line. `valid` is set when given.
std::string sdl_report_text(std::string_view text, std::string_view file_name,
                            const SdlReportOptions& options = {}, bool* valid = nullptr);

}  // namespace tp::compute
