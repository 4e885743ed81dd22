// The composition root: one machine from all modules and networks, in order, each handed what it
// needs.
//
//   StateStore ─ Machine ─┬─ accounts ─ bank ─ escrow ─ registry ─ market     the waist
//                         └─ compute                                         a network
//
// To add a module: a member here, a line in App::App, its tables in schema.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/disk.h"
#include "base/executor.h"
#include "chain/machine.h"
#include "modules/accounts/accounts.h"
#include "modules/accounts/admission.h"
#include "modules/bank/bank.h"
#include "modules/escrow/escrow.h"
#include "modules/market/market.h"
#include "modules/registry/registry.h"
#include "networks/compute/chain/compute_network.h"
#include "store/state.h"

namespace tp::app {

// Every store with its tables, and where their values live. Rules: design.md §5.
store::StateSchema state_schema();
// From each version of it to the next.
std::vector<store::Migration> state_migrations();

struct AppOptions {
  std::string directory;  // of the state
  std::string version = TURNPIKE_VERSION;
  bool check_invariants = false;  // after every block
  std::uint64_t cold_cache_bytes = 256ull << 20;
  Duration retain_for = Duration::minutes(10);
  std::uint64_t retain_bytes = 256ull << 20;
  // The height of the last stored block, for whoever replays blocks: an older state is migrated
  // only where none waits (StateOptions::last_block).
  std::function<Result<Height>(Height state)> last_block;
  store::StateSchema schema = state_schema();
  std::vector<store::Migration> migrations = state_migrations();
};

class App {
 public:
  // Opens, migrates or creates the state and composes the machine. Errors: those of
  // StateStore::open and Machine::load.
  static Result<std::unique_ptr<App>> open(AppOptions options, Disk& disk, const Clock& clock,
                                           Executor& compute, Executor& background);

  chain::Machine& machine() { return machine_; }
  store::StateStore& state() { return *state_; }
  const chain::ChainParams& params() const { return machine_.params(); }

 private:
  App(std::unique_ptr<store::StateStore> state, Executor& compute, const AppOptions& options);

  std::unique_ptr<store::StateStore> state_;
  chain::Machine machine_;
  accounts::Accounts accounts_;
  bank::Bank bank_;
  accounts::AccountAdmission admission_;
  escrow::Escrow escrow_;
  registry::Registry registry_;
  market::Market market_;
  compute::ComputeNetwork compute_;
};

}  // namespace tp::app
