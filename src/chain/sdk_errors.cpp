#include "chain/sdk_errors.h"

namespace tp::chain {
namespace {

std::string_view text_of(SdkError error) {
  switch (error) {
    case SdkError::kTxDecode: return "tx parse error";
    case SdkError::kInvalidSequence: return "invalid sequence";
    case SdkError::kUnauthorized: return "unauthorized";
    case SdkError::kInsufficientFunds: return "insufficient funds";
    case SdkError::kUnknownRequest: return "unknown request";
    case SdkError::kInvalidAddress: return "invalid address";
    case SdkError::kInvalidPubKey: return "invalid pubkey";
    case SdkError::kUnknownAddress: return "unknown address";
    case SdkError::kInvalidCoins: return "invalid coins";
    case SdkError::kOutOfGas: return "out of gas";
    case SdkError::kMemoTooLarge: return "memo too large";
    case SdkError::kInsufficientFee: return "insufficient fee";
    case SdkError::kTooManySignatures: return "maximum number of signatures exceeded";
    case SdkError::kNoSignatures: return "no signatures supplied";
    case SdkError::kJsonMarshal: return "failed to marshal JSON bytes";
    case SdkError::kJsonUnmarshal: return "failed to unmarshal JSON bytes";
    case SdkError::kInvalidRequest: return "invalid request";
    case SdkError::kTxInMempoolCache: return "tx already in mempool";
    case SdkError::kMempoolIsFull: return "mempool is full";
    case SdkError::kTxTooLarge: return "tx too large";
    case SdkError::kKeyNotFound: return "key not found";
    case SdkError::kWrongPassword: return "invalid account password";
    case SdkError::kInvalidSigner: return "tx intended signer does not match the given signer";
    case SdkError::kInvalidGasAdjustment: return "invalid gas adjustment";
    case SdkError::kInvalidHeight: return "invalid height";
    case SdkError::kInvalidVersion: return "invalid version";
    case SdkError::kInvalidChainId: return "invalid chain-id";
    case SdkError::kInvalidType: return "invalid type";
    case SdkError::kTxTimeoutHeight: return "tx timeout height";
    case SdkError::kUnknownExtensionOptions: return "unknown extension options";
    case SdkError::kWrongSequence: return "incorrect account sequence";
    case SdkError::kPackAny: return "failed packing protobuf message to Any";
    case SdkError::kUnpackAny: return "failed unpacking protobuf message from Any";
    case SdkError::kLogic: return "internal logic error";
    case SdkError::kConflict: return "conflict";
    case SdkError::kNotSupported: return "feature not supported";
    case SdkError::kNotFound: return "not found";
    case SdkError::kIo: return "internal IO error";
    case SdkError::kAppConfig: return "error in app.toml";
    case SdkError::kInvalidGasLimit: return "invalid gas limit";
    case SdkError::kTxTimeout: return "tx timeout";
  }
  TP_FATAL("SdkError out of range");
}

std::string_view text_of(UndefinedError error) {
  switch (error) {
    case UndefinedError::kInternal: return "internal";
    case UndefinedError::kPanic: return "panic";
  }
  TP_FATAL("UndefinedError out of range");
}

}  // namespace

ErrorInfo describe(SdkError error) {
  return {"sdk", static_cast<std::uint32_t>(error), text_of(error)};
}

ErrorInfo describe(UndefinedError error) {
  return {"undefined", static_cast<std::uint32_t>(error), text_of(error)};
}

}  // namespace tp::chain
