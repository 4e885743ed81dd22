#include "app/app.h"

#include "app/chain_service.h"
#include "app/tx_service.h"

namespace tp::app {

App::App(std::unique_ptr<store::StateStore> state, Executor& compute, const AppOptions& options)
    : state_(std::move(state)),
      machine_(*state_, compute,
               {.version = options.version, .check_invariants = options.check_invariants}),
      accounts_(machine_.params()),
      bank_(accounts_, machine_.params()),
      admission_(accounts_, machine_.messages(), bank_),
      escrow_(accounts_, bank_, machine_.schedule(), machine_.params()),
      registry_(accounts_, bank_, machine_.params()),
      market_(accounts_, bank_, escrow_, registry_, machine_.schedule(), machine_.params()),
      compute_(accounts_, escrow_, registry_, market_, machine_.schedule(), machine_.params()) {
  // A lower module tells a higher one through an observer that it declares.
  bank_.set_operator_directory(registry_);
  escrow_.set_dry_observer(market_);
  escrow_.set_due_validator(market_);
  registry_.set_network_observer(market_);
  registry_.set_live_agreements(market_);
  market_.add_kind(compute_);

  machine_.set_admission(admission_);
  for (chain::Module* module : std::initializer_list<chain::Module*>{
           &accounts_, &bank_, &escrow_, &registry_, &market_, &compute_})
    machine_.add(*module);
  add_chain_service(machine_);
  add_tx_service(machine_);
}

Result<std::unique_ptr<App>> App::open(AppOptions options, Disk& disk, const Clock& clock,
                                       Executor& compute, Executor& background) {
  TRY(auto state, store::StateStore::open({.directory = options.directory,
                                           .schema = std::move(options.schema),
                                           .migrations = std::move(options.migrations),
                                           .last_block = std::move(options.last_block),
                                           .retain_for = options.retain_for,
                                           .retain_bytes = options.retain_bytes,
                                           .cold_cache_bytes = options.cold_cache_bytes,
                                           .settle_explicitly = true},
                                          disk, clock, compute, background));
  std::unique_ptr<App> app(new App(std::move(state), compute, options));
  TRY_VOID(app->machine_.load());
  app->state_->add_observer(app->compute_.index());
  return app;
}

}  // namespace tp::app
