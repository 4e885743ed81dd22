// turnpike sdl check: what a file asks for, or everything that is wrong with it.
#include "cli/command.h"
#include "networks/compute/spec/report.h"

namespace tp::cli {
namespace {

struct SdlOptions {
  std::string file;
  bool lenient = false;
  bool typescript = false;
};

Result<void> check(const GlobalOptions& global, const SdlOptions& options) {
  SystemDisk disk;
  TRY(const Bytes text, disk.read(options.file));
  compute::SdlReportOptions report;
  if (options.lenient) report.sdl.mode = compute::SdlMode::kLenient;
  if (options.typescript) report.rules = compute::ClientRules::kTypeScript;
  bool valid = false;
  const std::string lines = compute::sdl_report_text(text, options.file, report, &valid);
  if (global.json) {
    print(global, "", compute::sdl_report_json(text, options.file, report));
  } else if (valid) {
    print(global, lines, "");
  }
  if (!valid) return fail(CliError::kFailed, global.json ? options.file + " is not valid" : lines);
  return {};
}

}  // namespace

void add_sdl(Program& program) {
  const auto options = std::make_shared<SdlOptions>();
  CLI::App* sdl = program.root.add_subcommand("sdl", "Look at SDL files");
  sdl->require_subcommand(1);
  CLI::App* command =
      sdl->add_subcommand("check", "Say what a file asks for, or what is wrong with it");
  command->add_option("file", options->file, "The SDL file")->required();
  command->add_flag("--lenient", options->lenient, "Ignore keys that nobody knows");
  command->add_flag("--typescript", options->typescript,
                    "Groups, manifest and hash as the TypeScript client makes them");
  command->callback([&program, options] {
    program.action = [&program, options] { return check(program.options, *options); };
  });
}

}  // namespace tp::cli
