// turnpike check and turnpike export: what the state of a stopped node is worth, and a genesis file
// that another chain begins with.
#include <boost/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/stopped_node.h"

namespace tp::cli {
namespace {

namespace json = boost::json;

std::string text_of(Height height) {
  return std::to_string(height.value);
}

// What the log has and the state has not: executed by the node when it starts.
std::string waiting_blocks(const StoppedNode& node) {
  const Height next = node.state()->height().next(), last = node.blocks().last();
  return next == last ? "block " + text_of(last)
                      : "blocks " + text_of(next) + " to " + text_of(last);
}

Result<void> check(const GlobalOptions& global) {
  TRY(const auto node, StoppedNode::open(global));
  const store::StatePtr state = node->state();
  TRY_VOID(store::check_rows(*state, app::state_schema()));
  TRY_VOID(node->app().machine().check_invariants(*state));
  const Height last = node->blocks().last();
  std::string text = "the state at height " + text_of(state->height()) + " is whole: its root is " +
                     to_hex_upper(state->root().view()) +
                     ", every row is of its form, and every invariant holds";
  if (last > state->height())
    text += "; " + waiting_blocks(*node) + " will be executed when the node starts";
  print(global, text,
        json::serialize(json::object{{"height", state->height().value},
                                     {"app_hash", to_hex_upper(state->root().view())},
                                     {"last_block", last.value},
                                     {"whole", true}}));
  return {};
}

struct ExportOptions {
  std::string out;
  std::string chain_id;
};

Result<void> export_genesis(const GlobalOptions& global, const ExportOptions& options) {
  SystemDisk disk;
  if (!options.out.empty() && disk.exists(options.out))
    return fail(CliError::kUsage, options.out + " exists already");
  TRY(const auto node, StoppedNode::open(global));
  const store::StatePtr state = node->state();
  if (node->blocks().last() > state->height())
    return fail(CliError::kFailed, "the state lacks " + waiting_blocks(*node) +
                                       ", as after a crash; start the node once and stop it, then "
                                       "export");
  comet_types::Genesis genesis = node->genesis();
  TRY(const solo::BlockMeta last, node->blocks().meta(state->height()));
  genesis.time = last.header.time;
  genesis.initial_height = state->height().next();
  if (!options.chain_id.empty()) genesis.chain_id = options.chain_id;
  TRY_TO(genesis.app_state_json, node->app().machine().export_genesis());
  std::string file = comet_types::write_genesis(genesis);
  if (options.out.empty()) {
    if (file.ends_with('\n')) file.pop_back();  // print() adds it
    print(global, file, file);
    return {};
  }
  TRY_VOID(write_atomically(disk, options.out, file));
  print(global,
        "the state at height " + text_of(state->height()) + " is in " + options.out +
            "; a node whose config folder has it as genesis.json, beside this home's "
            "priv_validator_key.json, goes on as chain " +
            genesis.chain_id + " at height " + text_of(genesis.initial_height),
        json::serialize(json::object{{"out", options.out},
                                     {"chain_id", genesis.chain_id},
                                     {"height", state->height().value}}));
  return {};
}

}  // namespace

void add_state_commands(Program& program) {
  CLI::App* check_command = program.root.add_subcommand(
      "check", "Check the state of a stopped node: its root, every row, every invariant");
  check_command->callback(
      [&program] { program.action = [&program] { return check(program.options); }; });

  const auto options = std::make_shared<ExportOptions>();
  CLI::App* export_command =
      program.root.add_subcommand("export", "Write the state of a stopped node as a genesis file");
  export_command->add_option("--out", options->out, "File to write; otherwise it is printed");
  export_command->add_option("--chain-id", options->chain_id,
                             "Name of the chain that begins with it; otherwise the same");
  export_command->callback([&program, options] {
    program.action = [&program, options] { return export_genesis(program.options, *options); };
  });
}

}  // namespace tp::cli
