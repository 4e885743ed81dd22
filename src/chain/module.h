// What every module gives the machine: routes, genesis, invariants.
#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "chain/context.h"
#include "chain/router.h"

namespace tp::chain {

class Module {
 public:
  virtual ~Module() = default;

  // The member of app_state that holds the module's genesis.
  virtual std::string_view name() const = 0;

  virtual void add_messages(MessageRouter&) {}
  virtual void add_queries(QueryRouter&) {}

  // `json` is the module's member of app_state. Every module takes an absent member as its
  // defaults. Errors: ModuleError::kGenesis naming the field.
  virtual Result<void> import_genesis(Context& context, const boost::json::value* json) = 0;
  virtual Result<boost::json::value> export_genesis(const store::Reader& state) const = 0;

  // What must hold after every block, or the node stops. Errors: ModuleError::kInvariant saying
  // what differs.
  virtual Result<void> check_invariants(const store::Reader&) const { return {}; }
};

enum class ModuleError : std::uint32_t { kGenesis = 2, kInvariant = 3 };
ErrorInfo describe(ModuleError error);

}  // namespace tp::chain
