// The account of a person, a machine or a module, as 20 bytes. How it follows from a key and how it
// reads as text is in crypto/address.h.
#pragma once

#include "base/bytes.h"

namespace tp {

// Ordered as bytes. All zero means nobody: no key and no module has that address.
using Address = FixedBytes<20, struct AddressTag>;

}  // namespace tp
