#include "crypto/error.h"

namespace tp::crypto {

ErrorInfo describe(CryptoError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"crypto", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case CryptoError::kInvalidAddress: return info("invalid address");
    case CryptoError::kInvalidKey: return info("invalid key");
    case CryptoError::kInvalidMnemonic: return info("invalid mnemonic");
    case CryptoError::kInvalidPath: return info("invalid key path");
    case CryptoError::kInvalidName: return info("invalid key name");
    case CryptoError::kKeyExists: return info("key already exists");
    case CryptoError::kKeyNotFound: return info("key not found");
    case CryptoError::kWrongPassphrase: return info("wrong passphrase");
    case CryptoError::kDamagedKeyFile: return info("damaged key file");
    case CryptoError::kOutOfMemory: return info("not enough memory");
  }
  TP_FATAL("CryptoError out of range");
}

}  // namespace tp::crypto
