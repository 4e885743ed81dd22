// Transactions through the whole machine: decoding, admission, execution, commit, queries.
#include <gtest/gtest.h>

#include "base/memory_disk.h"
#include "base/text.h"
#include "chain/machine.h"
#include "chain/sdk_errors.h"
#include "chain/sign_doc.h"
#include "client/tx_builder.h"
#include "cosmos/auth/v1beta1/auth.pb.h"
#include "cosmos/auth/v1beta1/query.pb.h"
#include "cosmos/bank/v1beta1/query.pb.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "cosmos/crypto/secp256k1/keys.pb.h"
#include "cosmos/tx/v1beta1/tx.pb.h"
#include "crypto/address.h"
#include "modules/accounts/admission.h"
#include "modules/accounts/tables.h"
#include "modules/bank/bank.h"

namespace tp::bank {
namespace {

namespace wire = ::cosmos::bank::v1beta1;
using chain::SdkError;

crypto::Secp256k1PrivateKey key_of(char name) {
  return crypto::Secp256k1PrivateKey::from_bytes(Bytes(32, name)).value();
}

std::string address_of(char name) {
  return crypto::address_text("turn", crypto::address_of(key_of(name).public_key()));
}

store::StateSchema schema() {
  store::StateSchema schema;
  for (const chain::StoreName& store : chain::kStoreNames)
    schema.stores.push_back({.id = store.id, .name = std::string(store.name)});
  return schema;
}

class TransactionsTest : public ::testing::Test {
 protected:
  TransactionsTest()
      : state_(store::StateStore::open({.directory = "state", .schema = schema()}, disk_, clock_,
                                       executor_, executor_)
                   .value()),
        machine_(*state_, executor_, {.check_invariants = true}),
        accounts_(machine_.params()),
        bank_(accounts_, machine_.params()),
        admission_(accounts_, machine_.messages(), bank_) {
    machine_.set_admission(admission_);
    machine_.add(accounts_);
    machine_.add(bank_);
    EXPECT_TRUE(machine_.load());
    const std::string genesis =
        R"({"chain":{"min_gas_price":"0.01"},"bank":{"balances":[{"address":")" + address_of('a') +
        R"(","coins":[{"denom":"agift","amount":"7"},{"denom":"utoll","amount":"1000000"},)"
        R"({"denom":"zgift","amount":"9"}]}]}})";
    const auto init =
        machine_.init({.time = {1'000'000'000}, .chain_id = "test-1", .app_state_json = genesis});
    EXPECT_TRUE(init) << init.error().text;
  }

  struct Spend {
    char from = 'a';
    char to = 'b';
    std::string denom = "utoll";
    std::uint64_t amount = 100;
    std::uint64_t sequence = 0;
    std::uint64_t account_number = 2;  // after the bank's two module accounts
    std::uint64_t fee = 1'000;
    std::uint64_t gas = 100'000;
    std::string chain_id = "test-1";
    std::string memo;
    std::int64_t timeout_height = 0;
  };

  static client::TxDraft draft(const Spend& spend) {
    wire::MsgSend message;
    message.set_from_address(address_of(spend.from));
    message.set_to_address(address_of(spend.to));
    auto* coin = message.add_amount();
    coin->set_denom(spend.denom);
    coin->set_amount(std::to_string(spend.amount));
    client::TxDraft draft{.messages = {client::to_message(message)}, .memo = spend.memo};
    if (spend.fee > 0) draft.fee.amount = {{Denom::of("utoll"), Amount{spend.fee}}};
    draft.fee.gas_limit = Gas{spend.gas};
    draft.timeout_height = Height{spend.timeout_height};
    return draft;
  }

  static Bytes signed_tx(const Spend& spend) {
    return client::sign_tx(draft(spend),
                           {spend.chain_id, client::AccountNumber{spend.account_number},
                            client::Sequence{spend.sequence}},
                           key_of(spend.from))
        .bytes;
  }

  chain::TxResult check(const Bytes& tx) {
    return machine_.check(chain::HashedTxs({tx}), chain::CheckKind::kNew).front();
  }

  chain::BlockResponse run_block(std::vector<Bytes> txs) {
    ++height_;
    const chain::HashedTxs hashed(std::move(txs));
    auto response = machine_.finalize({.height = Height{height_},
                                       .time = {1'000'000'000 + height_ * 6'000'000'000},
                                       .txs = hashed,
                                       .proposer = Bytes(20, 'p')});
    EXPECT_TRUE(response) << response.error().text;
    EXPECT_TRUE(machine_.commit());
    return *std::move(response);
  }

  chain::TxResult run(const Spend& spend) {
    return run_block({signed_tx(spend)}).tx_results.front();
  }

  // One page of what `name` holds, as "7agift 1000utoll"; its key is set to that of the next.
  std::string page_of_balances(char name, cosmos::base::query::v1beta1::PageRequest& page) {
    wire::QueryAllBalancesRequest request;
    request.set_address(address_of(name));
    *request.mutable_pagination() = page;
    const chain::QueryResponse response = machine_.query(
        {.path = "/cosmos.bank.v1beta1.Query/AllBalances", .data = request.SerializeAsString()});
    EXPECT_EQ(response.code, 0u) << response.log;
    wire::QueryAllBalancesResponse balances;
    EXPECT_TRUE(balances.ParseFromString(response.value));
    page.set_key(balances.pagination().next_key());
    std::string out;
    for (const auto& coin : balances.balances())
      out += (out.empty() ? "" : " ") + coin.amount() + coin.denom();
    return out;
  }

  std::string balance(char name, const std::string& denom = "utoll") {
    wire::QueryBalanceRequest request;
    request.set_address(address_of(name));
    request.set_denom(denom);
    const chain::QueryResponse response = machine_.query(
        {.path = "/cosmos.bank.v1beta1.Query/Balance", .data = request.SerializeAsString()});
    EXPECT_EQ(response.code, 0u) << response.log;
    wire::QueryBalanceResponse balance;
    EXPECT_TRUE(balance.ParseFromString(response.value));
    return balance.balance().amount();
  }

  MemoryDisk disk_;
  SystemClock clock_;
  InlineExecutor executor_;
  std::unique_ptr<store::StateStore> state_;
  chain::Machine machine_;
  accounts::Accounts accounts_;
  Bank bank_;
  accounts::AccountAdmission admission_;
  std::int64_t height_ = 0;
};

TEST_F(TransactionsTest, ATransferMovesMoneyAndCostsItsFeeAndLessThan80000Gas) {
  const chain::TxResult result = run({});
  EXPECT_EQ(result.code, 0u) << result.log;
  EXPECT_EQ(balance('a'), "998900");
  EXPECT_EQ(balance('b'), "100");
  EXPECT_LT(result.gas_used, 80'000);
  EXPECT_EQ(result.gas_wanted, 100'000);
}

TEST_F(TransactionsTest, WhatCannotPayForItsLastEventLeavesNoTrace) {
  run({});
  const auto cost = static_cast<std::uint64_t>(run({.to = 'c', .sequence = 1}).gas_used);
  const chain::TxResult short_of_one = run({.to = 'd', .sequence = 2, .gas = cost - 1});
  EXPECT_EQ(short_of_one.code, 11u) << short_of_one.log;
  EXPECT_EQ(balance('d'), "0");
  EXPECT_EQ(run({.to = 'd', .sequence = 3, .gas = cost + 500}).code, 0u);
}

TEST_F(TransactionsTest, ARefusalForTooMuchGasTakesNoSequence) {
  machine_.set_max_block_gas(90'000);
  EXPECT_EQ(check(signed_tx({})).code, 41u);
  EXPECT_EQ(check(signed_tx({.gas = 90'000})).code, 0u);
}

TEST_F(TransactionsTest, AWrongSignatureStaysWrongAndARightOneIsFoundLater) {
  const Bytes from_stranger = signed_tx({.from = 'c', .account_number = 4});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(check(from_stranger).code, 9u);  // no such account yet
  for (int i = 0; i < 2; ++i) EXPECT_EQ(check(signed_tx({.account_number = 7})).code, 4u);
  EXPECT_EQ(run({}).code, 0u);                                            // b gets number 3
  EXPECT_EQ(run({.to = 'c', .amount = 50'000, .sequence = 1}).code, 0u);  // c gets number 4
  EXPECT_EQ(check(from_stranger).code, 0u);
}

TEST_F(TransactionsTest, EventsNameSenderRecipientPurposeAndMessageIndex) {
  const chain::TxResult result = run({});
  const std::vector<chain::Event> events = result.events.decode();
  const chain::Event* last_transfer = nullptr;
  for (const chain::Event& event : events)
    if (event.type == "transfer") last_transfer = &event;
  ASSERT_NE(last_transfer, nullptr);
  const std::vector<chain::Attribute> expected{
      {"recipient", address_of('b')}, {"sender", address_of('a')}, {"amount", "100utoll"},
      {"purpose", "transfer"},        {"payer_class", "other"},    {"msg_index", "0"}};
  EXPECT_EQ(last_transfer->attributes, expected);
}

TEST_F(TransactionsTest, AFailedMessageKeepsFeeAndSequenceAndNothingElse) {
  const chain::TxResult result = run({.amount = 2'000'000});
  EXPECT_EQ(result.codespace, "sdk");
  EXPECT_EQ(result.code, 5u);
  EXPECT_EQ(balance('a'), "999000");
  EXPECT_EQ(balance('b'), "0");
  EXPECT_EQ(run({.sequence = 1}).code, 0u);
}

TEST_F(TransactionsTest, ARepeatedTransactionIsASequenceMismatchInTheTextThatWalletsParse) {
  const Bytes tx = signed_tx({});
  EXPECT_EQ(run_block({tx}).tx_results.front().code, 0u);
  const chain::TxResult again = run_block({tx}).tx_results.front();
  EXPECT_EQ(again.code, 32u);
  EXPECT_EQ(again.log, "account sequence mismatch, expected 1, got 0: incorrect account sequence");
  EXPECT_EQ(check(tx).code, 32u);
}

TEST_F(TransactionsTest, SeveralOfOneSenderPassInOneBlockInOrder) {
  const auto response = run_block(
      {signed_tx({.sequence = 0}), signed_tx({.sequence = 1}), signed_tx({.sequence = 2})});
  for (const chain::TxResult& result : response.tx_results)
    EXPECT_EQ(result.code, 0u) << result.log;
  EXPECT_EQ(balance('b'), "300");
}

TEST_F(TransactionsTest, CheckCountsWhatItAcceptedAgainstTheNext) {
  EXPECT_EQ(check(signed_tx({.sequence = 0})).code, 0u);
  EXPECT_EQ(check(signed_tx({.sequence = 0})).code, 32u);
  EXPECT_EQ(check(signed_tx({.sequence = 1})).code, 0u);
}

TEST_F(TransactionsTest, AReceiverCanSpendInTheSameBlock) {
  const auto response =
      run_block({signed_tx({.amount = 5'000}),
                 signed_tx({.from = 'b', .to = 'c', .amount = 1, .account_number = 3})});
  EXPECT_EQ(response.tx_results[1].code, 0u) << response.tx_results[1].log;
  EXPECT_EQ(balance('c'), "1");
}

struct Refusal {
  const char* name;
  std::function<Bytes()> tx;
  std::uint32_t code;
  const char* log;
};

TEST_F(TransactionsTest, RefusalsCarryTheDocumentedCodesAndTouchNothing) {
  const auto flipped = [] {
    Bytes tx = signed_tx({});
    tx.back() = static_cast<char>(tx.back() ^ 1);
    return tx;
  };
  const std::vector<Refusal> refusals{
      {"garbage", [] { return Bytes("garbage"); }, 2, ""},
      {"wrong signature", flipped, 4,
       "signature verification failed; please verify account number (2), sequence (0) and chain-id "
       "(test-1): unauthorized"},
      {"another chain", [] { return signed_tx({.chain_id = "test-2"}); }, 4, ""},
      {"wrong account number", [] { return signed_tx({.account_number = 7}); }, 4, ""},
      {"unknown account", [] { return signed_tx({.from = 'z'}); }, 9, ""},
      {"fee too low", [] { return signed_tx({.fee = 1}); }, 13,
       "insufficient fees; got: 1utoll required: 1000utoll: insufficient fee"},
      {"fee not there", [] { return signed_tx({.fee = 9'000'000}); }, 5, ""},
      {"no gas", [] { return signed_tx({.fee = 0, .gas = 0}); }, 41, ""},
      {"too little gas", [] { return signed_tx({.fee = 1'000, .gas = 3'000}); }, 11, ""},
      {"memo too long", [] { return signed_tx({.memo = std::string(257, 'm')}); }, 12,
       "maximum number of characters is 256 but received 257 characters: memo too large"},
  };
  for (const Refusal& refusal : refusals) {
    const chain::TxResult result = check(refusal.tx());
    EXPECT_EQ(result.code, refusal.code) << refusal.name << ": " << result.log;
    EXPECT_EQ(result.codespace, "sdk") << refusal.name;
    if (*refusal.log != '\0') {
      EXPECT_EQ(result.log, refusal.log) << refusal.name;
    }
  }
  EXPECT_EQ(balance('a'), "1000000");
}

TEST_F(TransactionsTest, AMalformedFeeIsToldBeforeALongMemo) {
  client::TxDraft twice = draft({.memo = std::string(257, 'm')});
  twice.fee.amount.push_back(twice.fee.amount.front());
  const Bytes tx =
      client::sign_tx(twice, {"test-1", client::AccountNumber{2}, client::Sequence{0}}, key_of('a'))
          .bytes;
  EXPECT_EQ(check(tx).code, 13u);
}

// A transfer by `first` and one by `second`, signed by both; the second signer info carries the key
// of `second_key`.
Bytes signed_by_two(char first, std::uint64_t first_sequence, char second, char second_key,
                    std::uint64_t first_number, std::uint64_t second_number) {
  cosmos::tx::v1beta1::TxBody body;
  for (const char from : {first, second}) {
    wire::MsgSend message;
    message.set_from_address(address_of(from));
    message.set_to_address(address_of('z'));
    message.add_amount()->set_denom("utoll");
    message.mutable_amount(0)->set_amount("1");
    body.add_messages()->set_type_url("/cosmos.bank.v1beta1.MsgSend");
    message.SerializeToString(body.mutable_messages(body.messages_size() - 1)->mutable_value());
  }
  cosmos::tx::v1beta1::AuthInfo auth_info;
  for (const auto& [key, sequence] : {std::pair{first, first_sequence}, {second_key, 0}}) {
    auto& info = *auth_info.add_signer_infos();
    cosmos::crypto::secp256k1::PubKey public_key;
    public_key.set_key(key_of(key).public_key().view().data(), 33);
    info.mutable_public_key()->set_type_url("/cosmos.crypto.secp256k1.PubKey");
    public_key.SerializeToString(info.mutable_public_key()->mutable_value());
    info.mutable_mode_info()->mutable_single()->set_mode(
        cosmos::tx::signing::v1beta1::SIGN_MODE_DIRECT);
    info.set_sequence(sequence);
  }
  auth_info.mutable_fee()->set_gas_limit(200'000);
  auth_info.mutable_fee()->add_amount()->set_denom("utoll");
  auth_info.mutable_fee()->mutable_amount(0)->set_amount("2000");
  cosmos::tx::v1beta1::TxRaw raw;
  raw.set_body_bytes(body.SerializeAsString());
  raw.set_auth_info_bytes(auth_info.SerializeAsString());
  for (const auto& [key, number] : {std::pair{first, first_number}, {second, second_number}})
    raw.add_signatures(Bytes(
        key_of(key)
            .sign(chain::sign_doc_hash(raw.body_bytes(), raw.auth_info_bytes(), {"test-1", number}))
            .view()));
  return raw.SerializeAsString();
}

TEST_F(TransactionsTest, KeysOfAllSignersAreLookedAtBeforeAnySequence) {
  run_block({signed_tx({.amount = 5'000})});  // now b exists, with number 3, and a has sequence 1
  EXPECT_EQ(check(signed_by_two('a', 1, 'b', 'b', 2, 3)).code, 0u);
  machine_.reset_check();
  EXPECT_EQ(check(signed_by_two('a', 7, 'b', 'b', 2, 3)).code, 32u);
  EXPECT_EQ(check(signed_by_two('a', 7, 'b', 'c', 2, 3)).code, 8u);
}

TEST_F(TransactionsTest, OfATransactionThatFailsOnlyFeeAndSequenceStay) {
  client::TxDraft both = draft({.to = 'z', .amount = 1});
  both.messages.push_back(draft({.to = 'z', .amount = 9'000'000}).messages.front());
  const Bytes tx =
      client::sign_tx(both, {"test-1", client::AccountNumber{2}, client::Sequence{0}}, key_of('a'))
          .bytes;
  const auto response = run_block({tx, signed_tx({.sequence = 1})});
  EXPECT_EQ(response.tx_results[0].code, 5u);
  EXPECT_EQ(response.tx_results[1].code, 0u);  // the sequence counts
  EXPECT_EQ(balance('z'), "0");
  EXPECT_EQ(balance('a'), std::to_string(1'000'000 - 2 * 1'000 - 100));
  for (const chain::Event& event : response.tx_results[0].events.decode())
    EXPECT_NE(event.type, "message");
}

TEST_F(TransactionsTest, ACheckChargesWhatABlockCharges) {
  run_block({signed_tx({})});  // from here on the account has its key
  const Bytes tx = signed_tx({.sequence = 1});
  const std::int64_t checked = check(tx).gas_used;
  const std::int64_t simulated = machine_.simulate(tx).gas_used;
  EXPECT_EQ(run_block({tx}).tx_results.front().gas_used, simulated);
  // With just the gas of its check a transaction is admitted to a block, pays, and fails there;
  // otherwise somebody could fill blocks for nothing.
  const auto response =
      run_block({signed_tx({.sequence = 2, .gas = static_cast<std::uint64_t>(checked)})});
  EXPECT_EQ(response.tx_results.front().code, 11u);
  EXPECT_EQ(balance('a'), std::to_string(1'000'000 - 2 * 100 - 3 * 1'000));
}

TEST_F(TransactionsTest, ATimeoutHeightInThePastIsRefused) {
  run_block({});
  run_block({});
  EXPECT_EQ(check(signed_tx({.timeout_height = 2})).code, 30u);
  EXPECT_EQ(check(signed_tx({.timeout_height = 3})).code, 0u);
}

TEST_F(TransactionsTest, ModuleAccountsReceiveNothingFromPeople) {
  wire::MsgSend message;
  message.set_from_address(address_of('a'));
  message.set_to_address(crypto::address_text("turn", crypto::module_address("fee_collector")));
  message.add_amount()->set_denom("utoll");
  message.mutable_amount(0)->set_amount("1");
  client::TxDraft tx = draft({});
  tx.messages = {client::to_message(message)};
  const Bytes bytes =
      client::sign_tx(tx, {"test-1", client::AccountNumber{2}, client::Sequence{0}}, key_of('a'))
          .bytes;
  EXPECT_EQ(run_block({bytes}).tx_results.front().code, 4u);
}

TEST_F(TransactionsTest, SimulationNeedsNoSignatureAndKeepsNothing) {
  const Bytes tx =
      client::unsigned_tx(draft({.gas = 0}), client::Sequence{0}, key_of('a').public_key());
  const chain::TxResult result = machine_.simulate(tx);
  EXPECT_EQ(result.code, 0u) << result.log;
  EXPECT_GT(result.gas_used, 10'000);
  EXPECT_EQ(balance('a'), "1000000");
}

TEST_F(TransactionsTest, WhatSimulationSaysIsEnoughAlthoughItSawNoFeeAndNoSignature) {
  const Bytes tx = client::unsigned_tx(draft({.fee = 0, .gas = 0}), client::Sequence{0},
                                       key_of('a').public_key());
  const chain::TxResult estimate = machine_.simulate(tx);
  ASSERT_EQ(estimate.code, 0u) << estimate.log;
  const chain::TxResult result = run({.gas = static_cast<std::uint64_t>(estimate.gas_used)});
  EXPECT_EQ(result.code, 0u) << result.log;
  EXPECT_LT(estimate.gas_used, result.gas_used * 11 / 10) << "and no more than a tenth above";
}

TEST_F(TransactionsTest, AMissingAccountSaysNotFoundAsCosmJsParsesIt) {
  cosmos::auth::v1beta1::QueryAccountRequest request;
  request.set_address(address_of('z'));
  const chain::QueryResponse response = machine_.query(
      {.path = "/cosmos.auth.v1beta1.Query/Account", .data = request.SerializeAsString()});
  EXPECT_EQ(response.code, 22u);
  EXPECT_NE(response.log.find("rpc error: code = NotFound"), std::string::npos) << response.log;
  EXPECT_EQ(response.height, Height{0});
}

// Balances of the fee's denomination lie elsewhere than the others; nobody should see it.
TEST_F(TransactionsTest, AllBalancesAreListedInOrderOfTheirDenominationsAlsoPageByPage) {
  cosmos::base::query::v1beta1::PageRequest page;
  EXPECT_EQ(page_of_balances('a', page), "7agift 1000000utoll 9zgift");
  EXPECT_EQ(page.key(), "");
  page.set_limit(1);
  EXPECT_EQ(page_of_balances('a', page), "7agift");
  EXPECT_EQ(page_of_balances('a', page), "1000000utoll");
  EXPECT_EQ(page_of_balances('a', page), "9zgift");
  EXPECT_EQ(page.key(), "");
  page.set_limit(2);
  page.set_reverse(true);
  EXPECT_EQ(page_of_balances('a', page), "9zgift 1000000utoll");
  EXPECT_EQ(page_of_balances('a', page), "7agift");
  EXPECT_EQ(page_of_balances('z', page), "");
}

TEST_F(TransactionsTest, OtherDenominationsMoveLikeThatOfTheFee) {
  EXPECT_EQ(run({.denom = "agift", .amount = 7}).code, 0u);
  EXPECT_EQ(balance('a', "agift"), "0");
  EXPECT_EQ(balance('b', "agift"), "7");
  EXPECT_EQ(balance('b'), "0");
  cosmos::base::query::v1beta1::PageRequest page;
  EXPECT_EQ(page_of_balances('a', page), "999000utoll 9zgift") << "less the fee";
  const chain::TxResult again = run({.denom = "agift", .amount = 1, .sequence = 1});
  EXPECT_EQ(again.code, 5u);
  EXPECT_NE(again.log.find("spendable balance 0agift is smaller than 1agift"), std::string::npos)
      << again.log;
  EXPECT_EQ(balance('a'), "998000") << "the fee of what failed is paid";
}

TEST_F(TransactionsTest, WhoHoldsNothingOfTheFeesDenominationCannotSendIt) {
  EXPECT_EQ(run({.denom = "agift", .amount = 7}).code, 0u);  // creates the account, number 3
  const chain::TxResult result = run({.from = 'b', .to = 'a', .account_number = 3});
  EXPECT_EQ(result.code, 5u);
  EXPECT_NE(result.log.find("spendable balance 0utoll is smaller than 1000utoll"),
            std::string::npos)
      << result.log;
}

TEST_F(TransactionsTest, ExportAndImportGiveTheSameBalances) {
  run({});
  run({.denom = "zgift", .amount = 4, .sequence = 1});
  const Bytes exported = machine_.export_genesis().value();
  MemoryDisk disk;
  const auto state = store::StateStore::open({.directory = "state", .schema = schema()}, disk,
                                             clock_, executor_, executor_)
                         .value();
  chain::Machine machine(*state, executor_, {.check_invariants = true});
  accounts::Accounts accounts(machine.params());
  Bank bank(accounts, machine.params());
  accounts::AccountAdmission admission(accounts, machine.messages(), bank);
  machine.set_admission(admission);
  machine.add(accounts);
  machine.add(bank);
  ASSERT_TRUE(machine.load());
  const auto init = machine.init({.time = {1}, .chain_id = "test-1", .app_state_json = exported});
  ASSERT_TRUE(init) << init.error().text;
  EXPECT_EQ(machine.export_genesis().value(), exported);
}

TEST_F(TransactionsTest, AProofOfABalanceVerifiesAgainstTheRootThatTheNextHeaderCarries) {
  run({});
  const Address owner = crypto::address_of(key_of('b').public_key());
  const Bytes key = accounts::kAccounts.raw_key(owner);
  const chain::QueryResponse response =
      machine_.query({.path = "/store/accounts/key", .data = key, .prove = true});
  EXPECT_EQ(response.code, 0u) << response.log;
  EXPECT_EQ(accounts::kAccounts.decoded(response.value).fee_balance, Amount{100});
  ASSERT_EQ(response.proof_ops.size(), 2u);
  EXPECT_EQ(response.proof_ops[0].type, "ics23:smt");
  EXPECT_EQ(response.proof_ops[1].type, "ics23:simple");
}

TEST_F(TransactionsTest, OneBlockCanCarryThousandsAndItsRootDependsOnItsOrderOnly) {
  std::vector<Bytes> txs;
  for (std::uint64_t i = 0; i < 500; ++i) txs.push_back(signed_tx({.amount = 1, .sequence = i}));
  const auto response = run_block(txs);
  for (const chain::TxResult& result : response.tx_results)
    ASSERT_EQ(result.code, 0u) << result.log;
  EXPECT_EQ(balance('b'), "500");
}

}  // namespace
}  // namespace tp::bank
