#include "chain/module.h"

namespace tp::chain {

ErrorInfo describe(ModuleError error) {
  switch (error) {
    case ModuleError::kGenesis: return {"chain", 2, "invalid genesis"};
    case ModuleError::kInvariant: return {"chain", 3, "broken invariant"};
  }
  TP_FATAL("ModuleError out of range");
}

}  // namespace tp::chain
