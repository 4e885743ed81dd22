// What decoding costs beside the verification of one signature (42 us, specs/chain.md §5).

#include <benchmark/benchmark.h>
#include <google/protobuf/arena.h>

#include "chain/sign_doc.h"
#include "chain/tx_codec.h"
#include "chain/wire_check.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "cosmos/crypto/secp256k1/keys.pb.h"
#include "cosmos/tx/v1beta1/tx.pb.h"

namespace tp::chain {
namespace {

using cosmos::bank::v1beta1::MsgSend;
using cosmos::tx::v1beta1::AuthInfo;
using cosmos::tx::v1beta1::TxBody;

template <class T>
void pack(const T& message, google::protobuf::Any& any) {
  any.set_type_url("/" + T::descriptor()->full_name());
  any.set_value(message.SerializeAsString());
}

// A transaction as wallets send it, with `messages` transfers of one coin.
struct Sample {
  Bytes body;
  Bytes auth_info;
  Bytes raw;

  explicit Sample(int messages) {
    MsgSend send;
    send.set_from_address("cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4");
    send.set_to_address("cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4");
    auto* coin = send.add_amount();
    coin->set_denom("utoll");
    coin->set_amount("12345");
    TxBody body_message;
    for (int i = 0; i < messages; ++i) pack(send, *body_message.add_messages());

    AuthInfo auth;
    auto* signer = auth.add_signer_infos();
    cosmos::crypto::secp256k1::PubKey key;
    key.set_key(Bytes(33, '\x02'));
    pack(key, *signer->mutable_public_key());
    signer->mutable_mode_info()->mutable_single()->set_mode(
        cosmos::tx::signing::v1beta1::SIGN_MODE_DIRECT);
    signer->set_sequence(7);
    auth.mutable_fee()->set_gas_limit(200000);
    *auth.mutable_fee()->add_amount() = *coin;

    body = body_message.SerializeAsString();
    auth_info = auth.SerializeAsString();
    cosmos::tx::v1beta1::TxRaw raw_message;
    raw_message.set_body_bytes(body);
    raw_message.set_auth_info_bytes(auth_info);
    raw_message.add_signatures(Bytes(64, '\x01'));
    raw = raw_message.SerializeAsString();
  }
};

// As many types as a full machine registers, so that looking one up costs what it will cost.
void add_types(MessageTypes& types) {
  const auto add_all = [&types](const google::protobuf::FileDescriptor& file) {
    for (int i = 0; i < file.message_type_count(); ++i)
      types.add(*google::protobuf::MessageFactory::generated_factory()->GetPrototype(
                    file.message_type(i)),
                TypeRole::kMessage);
  };
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const char* file : {"cosmos/bank/v1beta1/tx.proto", "cosmos/bank/v1beta1/bank.proto",
                           "cosmos/auth/v1beta1/auth.proto", "cosmos/auth/v1beta1/tx.proto",
                           "cosmos/tx/v1beta1/tx.proto", "tendermint/abci/types.proto"})
    if (const auto* found = pool->FindFileByName(file)) add_all(*found);
}

void wire_check(benchmark::State& state) {
  MessageTypes types;
  add_types(types);
  const MessageTable& body_table = types.table_of(*TxBody::descriptor());
  const MessageTable& auth_table = types.table_of(*AuthInfo::descriptor());
  const Sample sample(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    WireCheck check(types, {.depth_max = 32, .values_max = 150'000});
    if (!check.message(sample.body, body_table, UnknownFields::kAllowNonCritical) ||
        !check.message(sample.auth_info, auth_table, UnknownFields::kReject))
      return state.SkipWithError("refused");
  }
  state.counters["types"] = static_cast<double>(types.size());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(sample.raw.size()));
}
BENCHMARK(wire_check)->Arg(1)->Arg(100);

void decode(benchmark::State& state) {
  MessageTypes types;
  add_types(types);
  const TxCodec codec(types);
  const Sample sample(static_cast<int>(state.range(0)));
  std::uint64_t arena_bytes = 0;
  for (auto _ : state) {
    const auto tx = codec.decode(sample.raw);
    if (!tx) return state.SkipWithError(tx.error().text.c_str());
    arena_bytes = tx->owner->SpaceAllocated();
  }
  state.counters["raw_bytes"] = static_cast<double>(sample.raw.size());
  state.counters["arena_bytes"] = static_cast<double>(arena_bytes);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(sample.raw.size()));
}
BENCHMARK(decode)->Arg(1)->Arg(100);

void sign_bytes(benchmark::State& state) {
  const Sample sample(1);
  for (auto _ : state)
    benchmark::DoNotOptimize(sign_doc_hash(sample.body, sample.auth_info,
                                           {.chain_id = "turnpike-1", .account_number = 12345}));
}
BENCHMARK(sign_bytes);

}  // namespace
}  // namespace tp::chain
