// turnpike.chain.v1.Query: what genesis fixed, so that every client converts prices and addresses
// in one way.
#pragma once

#include "chain/machine.h"

namespace tp::app {

void add_chain_service(chain::Machine& machine);

}  // namespace tp::app
