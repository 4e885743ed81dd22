#include "modules/accounts/admission.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "chain/sdk_errors.h"
#include "chain/sign_doc.h"
#include "cosmos/crypto/secp256k1/keys.pb.h"
#include "cosmos/tx/v1beta1/tx.pb.h"
#include "crypto/address.h"
#include "crypto/secp256k1.h"

namespace tp::accounts {
namespace {

using chain::AdmitMode;
using chain::Context;
using chain::DecodedTx;
using chain::SdkError;
using chain::VerifiedSigners;
using cosmos::tx::v1beta1::SignerInfo;

constexpr std::string_view kSecp256k1Type = "/cosmos.crypto.secp256k1.PubKey";

// The key that the transaction carries for a signer.
Result<chain::TxClaims::Key> carried_key(const SignerInfo& info) {
  if (!info.has_public_key()) return {};
  if (info.public_key().type_url() != kSecp256k1Type)
    return fail(SdkError::kInvalidPubKey,
                "keys of type " + info.public_key().type_url() + " cannot sign transactions");
  cosmos::crypto::secp256k1::PubKey key;
  if (!key.ParseFromString(info.public_key().value()) ||
      key.key().size() != crypto::Secp256k1PublicKey::kSize)
    return fail(SdkError::kInvalidPubKey, "a secp256k1 key has 33 bytes");
  return chain::TxClaims::Key{key.key(),
                              crypto::address_of(crypto::Secp256k1PublicKey::of(key.key()))};
}

Result<Coins> claimed_fee(const DecodedTx& tx) {
  Coins fee;
  for (const auto& coin : tx.auth_info->fee().amount()) {
    auto denom = Denom::parse(coin.denom());
    const auto amount = Amount::parse(coin.amount());
    if (!denom || !amount)
      return fail(SdkError::kInsufficientFee,
                  "invalid fee provided: " + coin.amount() + coin.denom());
    fee.push_back({*std::move(denom), *amount});
  }
  if (!is_canonical(fee))
    return fail(SdkError::kInsufficientFee, "invalid fee provided: " + to_string(fee));
  return fee;
}

// What moving a fee costs, whichever rows it touches (six read, three written, of which one may be
// new, some 220 and 150 bytes): so a check, which touches fewer, and a simulation, for which
// wallets leave the fee out, count as execution does.
Gas gas_of_a_fee(const chain::GasTable& price) {
  return Gas{6 * price.per_row_read.value + 3 * price.per_row_written.value +
             price.per_row_created.value + 256 * price.per_byte_read.value +
             160 * price.per_byte_written.value + 3 * price.per_event.value};
}

bool signs_directly(const SignerInfo& info) {
  return info.mode_info().has_single() &&
         info.mode_info().single().mode() == cosmos::tx::signing::v1beta1::SIGN_MODE_DIRECT;
}

// How many bytes the transaction will have once it is signed and says its fee: clients leave both
// out of what they simulate.
std::size_t signed_size(const DecodedTx& tx, std::size_t signers) {
  constexpr std::size_t kSignature = 2 + 64;
  constexpr std::size_t kFee = 2 + 64;  // a coin of a usual denomination, and the gas limit
  const auto present = static_cast<std::size_t>(
      std::count_if(tx.signatures.begin(), tx.signatures.end(),
                    [](const auto& signature) { return !signature.empty(); }));
  const std::size_t missing = signers - std::min(signers, present);
  return tx.raw.size() + missing * kSignature + (tx.auth_info->fee().amount().empty() ? kFee : 0);
}

}  // namespace

struct AccountAdmission::Admitted {
  Context& context;
  const DecodedTx& tx;
  const chain::TxClaims& claims;
  AdmitMode mode;
  const std::optional<VerifiedSigners>& verified;
};

chain::TxClaims AccountAdmission::claims_of(const DecodedTx& tx) const {
  chain::TxClaims claims;
  if (const Result<void> read = read_signers(tx, claims); !read)
    claims.signers = std::unexpected(read.error());
  claims.fee = claimed_fee(tx);
  claims.keys.reserve(static_cast<std::size_t>(tx.auth_info->signer_infos_size()));
  for (const SignerInfo& info : tx.auth_info->signer_infos())
    claims.keys.push_back(carried_key(info));
  return claims;
}

// Messages in order, each message's signers in order, without repetition; then the fee payer if it
// is new.
Result<void> AccountAdmission::read_signers(const DecodedTx& tx, chain::TxClaims& claims) const {
  std::vector<Address>& signers = *claims.signers;
  std::set<Address> seen;
  const auto add = [&](const Address& address) {
    if (seen.insert(address).second) signers.push_back(address);
  };
  for (const chain::DecodedMessage& message : tx.messages) {
    const chain::MessageRoute* route = messages_.find(*message.type);
    if (route == nullptr)
      return fail(SdkError::kUnknownRequest, "no message handler found for " + message.type->url);
    TRY(const std::vector<Address> of_message, route->signers(*message.message));
    for (const Address& address : of_message) add(address);
    claims.message_senders.push_back(of_message.empty() ? std::nullopt
                                                        : std::optional(of_message.front()));
  }
  if (const std::string& payer = tx.auth_info->fee().payer(); !payer.empty()) {
    TRY_TO(claims.fee_payer, accounts_.parse(payer));
    add(*claims.fee_payer);
  } else if (!signers.empty()) {
    claims.fee_payer = signers.front();
  }
  return {};
}

bool AccountAdmission::signature_verifies(const DecodedTx& tx, std::size_t index, BytesView key,
                                          const chain::SignerContext& signer) const {
  if (tx.signatures[index].size() != crypto::Secp256k1Signature::kSize ||
      key.size() != crypto::Secp256k1PublicKey::kSize)
    return false;
  return keys_.verify(crypto::Secp256k1PublicKey::of(key),
                      chain::sign_doc_hash(tx.body_bytes, tx.auth_info_bytes, signer),
                      crypto::Secp256k1Signature::of(tx.signatures[index]));
}

std::optional<VerifiedSigners> AccountAdmission::verify(const store::Reader& state,
                                                        const chain::ChainParams& params,
                                                        const DecodedTx& tx,
                                                        const chain::TxClaims& claims) const {
  const auto& signers = claims.signers;
  if (!signers || signers->empty() || signers->size() > params.max_tx_signatures ||
      signers->size() != tx.signatures.size() || signers->size() != claims.keys.size())
    return std::nullopt;

  VerifiedSigners verified;
  for (std::size_t i = 0; i < signers->size(); ++i) {
    const SignerInfo& info = tx.auth_info->signer_infos(static_cast<int>(i));
    const auto account = accounts_.find(state, (*signers)[i]);
    if (!account || !*account || !claims.keys[i] || !signs_directly(info)) return std::nullopt;
    const Bytes& carried = claims.keys[i]->bytes;
    const Bytes& key = carried.empty() ? (*account)->secp256k1_public_key : carried;
    if (key.empty()) return std::nullopt;  // a transaction before this one may set it
    verified.account_numbers.push_back((*account)->number.value);
    if (!signature_verifies(tx, i, key, {params.chain_id, (*account)->number.value})) {
      verified.last_failed = true;
      break;
    }
  }
  return verified;
}

void AccountAdmission::name_rows(const chain::TxClaims& claims, store::RowNames& rows) const {
  if (!claims.signers || !claims.fee_payer) return;
  for (const Address& signer : *claims.signers) accounts_.name_row(signer, rows);
  if (claims.fee) fees_.name_fee_rows(*claims.fee_payer, *claims.fee, rows);
}

Result<void> AccountAdmission::admit(Context& context, const DecodedTx& tx,
                                     const chain::TxClaims& claims, AdmitMode mode,
                                     const std::optional<VerifiedSigners>& verified) const {
  if (tx.messages.empty())
    return fail(SdkError::kInvalidRequest, "must contain at least one message");
  if (!claims.signers) return std::unexpected(claims.signers.error());
  const std::vector<Address>& signers = *claims.signers;
  if (signers.empty()) return fail(SdkError::kUnauthorized, "no message names a signer");
  const Admitted admitted{context, tx, claims, mode, verified};
  TRY_VOID(check_basics(admitted, signers));
  const std::size_t size =
      mode == AdmitMode::kSimulate ? signed_size(tx, signers.size()) : tx.raw.size();
  TRY_VOID(context.charge(Gas{context.params().gas.per_tx_byte.value * size}, "txSize"));
  TRY(Account payer, take_fee(admitted, *claims.fee_payer));

  // Step by step over all signers, so that what is told is the first thing wrong in the documented
  // order, whichever signer it concerns.
  std::vector<Account> accounts;
  accounts.reserve(std::min<std::size_t>(signers.size(), context.params().max_tx_signatures));
  const std::size_t signers_max = context.params().max_tx_signatures;
  for (std::size_t i = 0; i < signers.size(); ++i) {
    if (i == signers_max)  // so many were looked at; the others are not worth it
      return fail(SdkError::kTooManySignatures, "signatures: " + std::to_string(signers.size()) +
                                                    ", limit: " + std::to_string(signers_max));
    if (signers[i] == *claims.fee_payer) {
      accounts.push_back(std::move(payer));
    } else {
      TRY(std::optional<Account> account, accounts_.find(context, signers[i]));
      if (!account)
        return fail(SdkError::kUnknownAddress,
                    "account " + accounts_.text(signers[i]) + " does not exist");
      accounts.push_back(*std::move(account));
    }
    TRY_VOID(set_key(admitted, signers[i], accounts.back(), i));
  }
  for (std::size_t i = 0; i < signers.size(); ++i)
    TRY_VOID(context.charge(context.params().gas.per_secp256k1_verify, "ante verify: secp256k1"));
  if (mode != AdmitMode::kSimulate)
    for (std::size_t i = 0; i < signers.size(); ++i)
      TRY_VOID(check_signature(admitted, accounts[i], i));
  for (std::size_t i = 0; i < signers.size(); ++i)
    TRY_VOID(bump_sequence(admitted, signers[i], std::move(accounts[i]), i));
  return {};
}

Result<void> AccountAdmission::check_basics(const Admitted& admitted,
                                            const std::vector<Address>& signers) const {
  const auto& [context, tx, claims, mode, verified] = admitted;
  const auto& body = *tx.body;
  const std::uint64_t gas_limit = tx.auth_info->fee().gas_limit();
  constexpr std::uint64_t kGasMax = 0x7fff'ffff'ffff'ffff;
  if (gas_limit > kGasMax)
    return fail(SdkError::kInvalidRequest, "invalid gas supplied; " + std::to_string(gas_limit) +
                                               " > " + std::to_string(kGasMax));
  if (mode != AdmitMode::kSimulate && gas_limit == 0)
    return fail(SdkError::kInvalidGasLimit, "must provide positive gas");
  if (!tx.auth_info->fee().granter().empty())
    return fail(SdkError::kNotSupported, "fee grants are not enabled");
  if (body.unordered())
    return fail(SdkError::kNotSupported, "unordered transactions are not enabled");

  if (!claims.fee) return std::unexpected(claims.fee.error());
  if (tx.signatures.empty() && mode != AdmitMode::kSimulate) return fail(SdkError::kNoSignatures);
  const std::size_t signatures =
      mode == AdmitMode::kSimulate && tx.signatures.empty() ? signers.size() : tx.signatures.size();
  if (signatures != signers.size() ||
      static_cast<std::size_t>(tx.auth_info->signer_infos_size()) != signers.size())
    return fail(SdkError::kUnauthorized, "wrong number of signers; expected " +
                                             std::to_string(signers.size()) + ", got " +
                                             std::to_string(signatures));

  const auto height = static_cast<std::uint64_t>(context.block().height.value);
  if (body.timeout_height() != 0 && height > body.timeout_height())
    return fail(SdkError::kTxTimeoutHeight,
                "block height: " + std::to_string(height) +
                    ", timeout height: " + std::to_string(body.timeout_height()));
  if (body.has_timeout_timestamp()) {
    const std::int64_t seconds = context.block().time.nanoseconds / 1'000'000'000;
    const auto& timeout = body.timeout_timestamp();
    const bool over = seconds > timeout.seconds() ||
                      (seconds == timeout.seconds() &&
                       context.block().time.nanoseconds % 1'000'000'000 > timeout.nanos());
    if (over)
      return fail(SdkError::kTxTimeout,
                  "block time: " + to_rfc3339(context.block().time) +
                      ", timeout timestamp: " + std::to_string(timeout.seconds()) + "s");
  }
  if (body.memo().size() > context.params().max_memo_characters)
    return fail(SdkError::kMemoTooLarge, "maximum number of characters is " +
                                             std::to_string(context.params().max_memo_characters) +
                                             " but received " + std::to_string(body.memo().size()) +
                                             " characters");
  return {};
}

Result<void> AccountAdmission::check_fee(const Admitted& admitted, const Coins& fee) const {
  const chain::ChainParams& params = admitted.context.params();
  const Decimal price = params.min_gas_price;
  if (admitted.mode != AdmitMode::kCheck || price.is_zero()) return {};
  TRY(const Decimal exact, price.times(admitted.tx.auth_info->fee().gas_limit()));
  const Amount required = exact.ceil();
  const auto paid = std::find_if(fee.begin(), fee.end(),
                                 [&](const Coin& coin) { return coin.denom == params.fee_denom; });
  if (paid == fee.end() || paid->amount < required)
    return fail(SdkError::kInsufficientFee,
                "insufficient fees; got: " + to_string(fee) +
                    " required: " + Coin{params.fee_denom, required}.to_string());
  return {};
}

Result<Account> AccountAdmission::take_fee(const Admitted& admitted, const Address& payer) const {
  Context& context = admitted.context;
  const Coins& fee = *admitted.claims.fee;
  TRY_VOID(check_fee(admitted, fee));
  TRY(std::optional<Account> account, accounts_.find(context, payer));
  if (!account)
    return fail(SdkError::kUnknownAddress,
                "fee payer address: " + accounts_.text(payer) + " does not exist");
  const std::size_t coins = fee.empty() && admitted.mode == AdmitMode::kSimulate ? 1 : fee.size();
  TRY_VOID(context.charge(Gas{coins * gas_of_a_fee(context.params().gas).value}, "fee"));
  if (!fee.empty()) {
    chain::GasMeter charged_already(chain::GasMeter::kUnlimited);
    Context unmetered = context.with(charged_already);
    const bool is_check =
        admitted.mode == AdmitMode::kCheck || admitted.mode == AdmitMode::kRecheck;
    TRY_VOID(is_check ? fees_.set_fee_aside(unmetered, payer, fee)
                      : fees_.pay_fee(unmetered, payer, fee));
    TRY_TO(account, accounts_.find(unmetered, payer));  // its balance is another
  }
  context.emit(1, [&](const auto& add) {
    add("tx", {{"fee", to_string(fee)}, {"fee_payer", accounts_.text(payer)}});
  });
  return *std::move(account);
}

Result<void> AccountAdmission::set_key(const Admitted& admitted, const Address& address,
                                       Account& account, std::size_t index) const {
  const auto& claimed = admitted.claims.keys[index];
  if (!claimed) return std::unexpected(claimed.error());
  if (!claimed->bytes.empty() && claimed->address != address)
    return fail(SdkError::kInvalidPubKey, "pubKey does not match signer address " +
                                              accounts_.text(address) +
                                              " with signer index: " + std::to_string(index));
  if (account.secp256k1_public_key.empty()) account.secp256k1_public_key = claimed->bytes;
  return {};
}

Result<void> AccountAdmission::check_signature(const Admitted& admitted, const Account& account,
                                               std::size_t index) const {
  const auto& [context, tx, claims, mode, verified] = admitted;
  const SignerInfo& info = tx.auth_info->signer_infos(static_cast<int>(index));
  if (account.secp256k1_public_key.empty())
    return fail(SdkError::kInvalidPubKey, "pubkey on account is not set");
  if (!signs_directly(info))
    return fail(SdkError::kNotSupported, "the sign mode of signer " + std::to_string(index) +
                                             " is not supported; use SIGN_MODE_DIRECT");
  if (info.sequence() != account.sequence.value)
    return fail(SdkError::kWrongSequence, "account sequence mismatch, expected " +
                                              std::to_string(account.sequence.value) + ", got " +
                                              std::to_string(info.sequence()));
  const bool tried = verified && index < verified->account_numbers.size() &&
                     verified->account_numbers[index] == account.number.value;
  const bool good = tried
                        ? !(verified->last_failed && index + 1 == verified->account_numbers.size())
                        : signature_verifies(tx, index, account.secp256k1_public_key,
                                             {context.params().chain_id, account.number.value});
  if (good) return {};
  return fail(SdkError::kUnauthorized,
              "signature verification failed; please verify account number (" +
                  std::to_string(account.number.value) + "), sequence (" +
                  std::to_string(account.sequence.value) + ") and chain-id (" +
                  context.params().chain_id + ")");
}

Result<void> AccountAdmission::bump_sequence(const Admitted& admitted, const Address& address,
                                             Account account, std::size_t index) const {
  Context& context = admitted.context;
  const DecodedTx& tx = admitted.tx;
  context.emit(1, [&](const auto& add) {
    add("tx",
        {{"acc_seq", accounts_.text(address) + "/" + std::to_string(account.sequence.value)}});
  });
  if (index < tx.signatures.size()) {
    context.emit(
        1, [&](const auto& add) { add("tx", {{"signature", to_base64(tx.signatures[index])}}); });
  }
  account.sequence = account.sequence.next();
  return accounts_.put(context, address, account);
}

}  // namespace tp::accounts
