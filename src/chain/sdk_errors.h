// The registered errors that every Cosmos client knows: codespace "sdk", and two of "undefined".
//
// Wallets and relayers compare the numbers and search the texts, so both are exactly those of the
// reference (specs/chain.md §2.4; cosmos-sdk types/errors). Modules register their own errors in
// their own codespace and use these only where the reference does.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace tp::chain {

enum class SdkError : std::uint32_t {
  kTxDecode = 2,
  kInvalidSequence = 3,
  kUnauthorized = 4,
  kInsufficientFunds = 5,
  kUnknownRequest = 6,
  kInvalidAddress = 7,
  kInvalidPubKey = 8,
  kUnknownAddress = 9,
  kInvalidCoins = 10,
  kOutOfGas = 11,
  kMemoTooLarge = 12,
  kInsufficientFee = 13,
  kTooManySignatures = 14,
  kNoSignatures = 15,
  kJsonMarshal = 16,
  kJsonUnmarshal = 17,
  kInvalidRequest = 18,
  kTxInMempoolCache = 19,
  kMempoolIsFull = 20,
  kTxTooLarge = 21,
  kKeyNotFound = 22,
  kWrongPassword = 23,
  kInvalidSigner = 24,
  kInvalidGasAdjustment = 25,
  kInvalidHeight = 26,
  kInvalidVersion = 27,
  kInvalidChainId = 28,
  kInvalidType = 29,
  kTxTimeoutHeight = 30,
  kUnknownExtensionOptions = 31,
  kWrongSequence = 32,  // detail: "account sequence mismatch, expected <N>, got <M>"
  kPackAny = 33,
  kUnpackAny = 34,
  kLogic = 35,
  kConflict = 36,
  kNotSupported = 37,
  kNotFound = 38,
  kIo = 39,
  kAppConfig = 40,
  kInvalidGasLimit = 41,
  kTxTimeout = 42,
};
ErrorInfo describe(SdkError error);

// Codespace "undefined": what the reference answers when no registered error fits.
enum class UndefinedError : std::uint32_t {
  kInternal = 1,
  kPanic = 111222,
};
ErrorInfo describe(UndefinedError error);

}  // namespace tp::chain
