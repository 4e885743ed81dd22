#include "networks/compute/spec/sdl.h"

#include <algorithm>

#include "networks/compute/spec/compile.h"
#include "networks/compute/spec/error.h"
#include "networks/compute/spec/sdl_internal.h"

namespace tp::compute {
namespace {

std::unexpected<SdlErrors> errors(std::string_view file_name, std::vector<SdlIssue> issues) {
  return std::unexpected(SdlErrors{std::string(file_name), std::move(issues)});
}

// Checks the result by the rules that chain and provider apply. What check_references lets through
// must pass, but for sums over a group, which have no line of their own.
void check_compiled(const Sdl& sdl, const GroupLimits& limits, Issues& issues) {
  const CompiledSdl compiled = compile_sdl(sdl);
  if (const auto valid = check_group_specs(compiled.groups, limits); !valid)
    return issues.add(0, "deployment", valid.error().text);
  if (const auto valid = check_manifest_against_groups(compiled.manifest, compiled.groups); !valid)
    issues.add(0, "services", valid.error().text);
}

std::expected<Sdl, SdlErrors> check(std::string_view text, std::string_view file_name,
                                    const SdlOptions& options, bool& too_large) {
  const auto document = read_yaml(text);
  if (!document) {
    too_large = document.error().too_large;
    return errors(file_name, {document.error().issue});
  }
  Issues issues;
  Sdl sdl = decode_sdl(*document, options.mode, issues);
  if (document->root != nullptr && document->root->is_mapping())
    check_references(sdl, options, issues);
  if (issues.empty()) check_compiled(sdl, options.limits, issues);
  if (!issues.empty()) return errors(file_name, issues.take());
  return sdl;
}

}  // namespace

std::vector<SdlIssue> Issues::take() {
  std::vector<SdlIssue> unique;
  for (SdlIssue& issue : list_)
    if (std::ranges::find(unique, issue) == unique.end()) unique.push_back(std::move(issue));
  list_.clear();
  std::ranges::stable_sort(unique, {}, &SdlIssue::line);
  return unique;
}

std::string SdlErrors::to_string() const {
  std::string text;
  for (const SdlIssue& issue : issues) {
    if (!text.empty()) text += '\n';
    text += file;
    if (issue.line > 0) text += ":" + std::to_string(issue.line);
    text += ": " + issue.text;
  }
  return text;
}

std::expected<Sdl, SdlErrors> check_sdl(std::string_view text, std::string_view file_name,
                                        const SdlOptions& options) {
  bool too_large = false;
  return check(text, file_name, options, too_large);
}

Result<Sdl> parse_sdl(std::string_view text, std::string_view file_name,
                      const SdlOptions& options) {
  bool too_large = false;
  auto sdl = check(text, file_name, options, too_large);
  if (sdl) return *std::move(sdl);
  return fail_with_text(too_large ? SpecError::kTooLarge : SpecError::kInvalidSdl,
                        sdl.error().to_string());
}

}  // namespace tp::compute
