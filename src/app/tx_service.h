// cosmos.tx.v1beta1.Service/Simulate: the one query that executes. What needs history (GetTx) is
// the rpc layer's.
#pragma once

#include "chain/machine.h"

namespace tp::app {

// `machine` must outlive its query router.
void add_tx_service(chain::Machine& machine);

}  // namespace tp::app
