// What can go wrong in this folder. Codespace "crypto".
#pragma once

#include "base/result.h"

namespace tp::crypto {

enum class CryptoError : std::uint32_t {
  kInvalidAddress = 2,
  kInvalidKey = 3,
  kInvalidMnemonic = 4,
  kInvalidPath = 5,
  kInvalidName = 6,
  kKeyExists = 7,
  kKeyNotFound = 8,
  kWrongPassphrase = 9,
  kDamagedKeyFile = 10,
  kOutOfMemory = 11,
};
ErrorInfo describe(CryptoError error);

}  // namespace tp::crypto
