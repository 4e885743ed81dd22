// Every JSON-RPC method over a whole node, against the shapes of specs/chain.md §2.2.
#include "rpc/methods.h"

#include <gtest/gtest.h>

#include <cctype>

#include "rpc/testing/node.h"
#include "rpc/tx_proofs.h"

namespace tp::rpc {
namespace {

namespace json = boost::json;

bool all_of(std::string_view text, int (*is)(int)) {
  return std::all_of(text.begin(), text.end(), [is](unsigned char c) { return is(c) != 0; });
}
bool is_upper_hex(std::string_view text) {
  return text.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

// What kind of text it is, as far as clients tell kinds apart.
std::string kind_of(std::string_view text) {
  if (text.empty()) return "''";
  if (text.size() == 64 && is_upper_hex(text)) return "HASH";
  if (text.size() == 40 && is_upper_hex(text)) return "ADDRESS";
  if (text.size() == 40 && from_hex(text)) return "NODE_ID";
  if (all_of(text, std::isdigit)) return "INT";
  if (from_rfc3339(text)) return "TIME";
  if (text.size() % 4 == 0 && text.size() >= 28 && from_base64(text)) return "BASE64";
  return "text";
}

// A value with its leaves replaced by their kinds, and lists by their first entry.
std::string shape_of(const json::value& value) {
  if (const json::string* text = value.if_string()) return kind_of(*text);
  if (value.is_bool()) return "bool";
  if (value.is_number()) return "number";
  if (value.is_null()) return "null";
  std::string out;
  if (const json::array* list = value.if_array())
    return list->empty() ? "[]" : "[" + shape_of(list->front()) + "]";
  for (const auto& member : value.get_object())
    out += (out.empty() ? "" : ",") + std::string(member.key()) + ":" + shape_of(member.value());
  return "{" + out + "}";
}

const std::string kBlockId = "{hash:HASH,parts:{total:number,hash:HASH}}";
const std::string kHeader =
    "{version:{block:INT,app:INT},chain_id:text,height:INT,time:TIME,last_block_id:" + kBlockId +
    ",last_commit_hash:HASH,data_hash:HASH,validators_hash:HASH,next_validators_hash:HASH,"
    "consensus_hash:HASH,app_hash:HASH,last_results_hash:HASH,evidence_hash:HASH,"
    "proposer_address:ADDRESS}";
const std::string kCommit = "{height:INT,round:number,block_id:" + kBlockId +
                            ",signatures:[{block_id_flag:number,validator_address:ADDRESS,"
                            "timestamp:TIME,signature:BASE64}]}";
const std::string kBlock = "{block_id:" + kBlockId + ",block:{header:" + kHeader +
                           ",data:{txs:[BASE64]},evidence:{evidence:[]},last_commit:" + kCommit +
                           "}}";
const std::string kEvents = "[{type:text,attributes:[{key:text,value:text,index:bool}]}]";
const std::string kTxResult =
    "{code:number,data:BASE64,log:'',info:'',gas_wanted:INT,gas_used:INT,"
    "events:" +
    kEvents + ",codespace:''}";
const std::string kTx = "{hash:HASH,height:INT,index:number,tx_result:" + kTxResult + ",tx:BASE64}";
const std::string kProvenTx =
    "{hash:HASH,height:INT,index:number,tx_result:" + kTxResult +
    ",tx:BASE64,proof:{root_hash:HASH,data:BASE64,proof:{total:INT,index:INT,leaf_hash:BASE64,"
    "aunts:[]}}}";
const std::string kValidators =
    "{block_height:INT,count:INT,validators:[{address:ADDRESS,pub_key:{type:text,value:BASE64},"
    "voting_power:INT,proposer_priority:INT}],total:INT}";
const std::string kParams =
    "{block_height:INT,consensus_params:{block:{max_bytes:INT,max_gas:text},evidence:{"
    "max_age_num_blocks:INT,max_age_duration:INT,max_bytes:INT},validator:{pub_key_types:[text]},"
    "version:{app:INT},abci:{vote_extensions_enable_height:INT}}}";

class MethodsTest : public testing::Test {
 protected:
  // One transfer, which `hash` and `height` are of.
  static void SetUpTestSuite() {
    node_ = std::make_unique<TestNode>();
    const Bytes tx = node_->send_tx(0, 1);
    const solo::TxInBlock in_block = node_->commit(tx);
    tx_hash_ = crypto::sha256(tx);
    block_hash_ = in_block.block->meta.id.hash;
    height_ = std::to_string(in_block.block->height().value);
  }
  static void TearDownTestSuite() { node_.reset(); }

  static std::string result_shape(std::string_view method, json::value params = {}) {
    const json::value envelope = node_->call(method, std::move(params));
    EXPECT_EQ(envelope.at("jsonrpc"), json::value("2.0"));
    EXPECT_EQ(envelope.at("id"), json::value(1));
    const json::value* result = envelope.as_object().if_contains("result");
    return result == nullptr ? json::serialize(envelope.at("error")) : shape_of(*result);
  }
  static json::value result(std::string_view method, json::value params = {}) {
    const json::value envelope = node_->call(method, std::move(params));
    const json::value* result = envelope.as_object().if_contains("result");
    EXPECT_NE(result, nullptr) << json::serialize(envelope);
    return result == nullptr ? json::value() : *result;
  }
  static json::object error(const json::value& envelope) {
    const json::value* error = envelope.as_object().if_contains("error");
    EXPECT_NE(error, nullptr) << json::serialize(envelope);
    return error == nullptr ? json::object() : error->as_object();
  }
  static json::object tx_of(Bytes tx) { return {{"tx", to_base64(tx)}}; }

  static inline std::unique_ptr<TestNode> node_;
  static inline Hash256 tx_hash_;
  static inline Bytes block_hash_;
  static inline std::string height_;
};

// --- Shapes ---

TEST_F(MethodsTest, EveryReadingMethodAnswersInItsShape) {
  const json::object at{{"height", height_}};
  const json::object by_block_hash{{"hash", to_base64(block_hash_)}};
  const json::object by_tx_hash{{"hash", to_base64(tx_hash_.view())}, {"prove", false}};
  const json::object proven{{"hash", to_base64(tx_hash_.view())}, {"prove", true}};
  const std::string all_txs = "tx.height>0", all_blocks = "block.height=" + height_;
  struct Row {
    std::string method;
    json::value params;
    std::string shape;
  };
  const Row rows[] = {
      {"health", {}, "{}"},
      {"status",
       {},
       "{node_info:{protocol_version:{p2p:INT,block:INT,app:INT},id:NODE_ID,listen_addr:text,"
       "network:text,version:text,channels:INT,moniker:text,other:{tx_index:text,"
       "rpc_address:text}},sync_info:{latest_block_hash:HASH,latest_app_hash:HASH,"
       "latest_block_height:INT,latest_block_time:TIME,earliest_block_hash:HASH,"
       "earliest_app_hash:HASH,earliest_block_height:INT,earliest_block_time:TIME,"
       "catching_up:bool},validator_info:{address:ADDRESS,pub_key:{type:text,value:BASE64},"
       "voting_power:INT}}"},
      {"net_info", {}, "{listening:bool,listeners:[],n_peers:INT,peers:[]}"},
      {"abci_info",
       {},
       "{response:{data:text,version:text,app_version:INT,last_block_height:INT,"
       "last_block_app_hash:BASE64}}"},
      {"abci_query", json::object{{"path", "/cosmos.bank.v1beta1.Query/Params"}, {"data", ""}},
       "{response:{code:number,log:'',info:'',index:INT,key:null,value:text,proofOps:null,"
       "height:INT,codespace:''}}"},
      {"block", at, kBlock},
      {"block_by_hash", by_block_hash, kBlock},
      {"header", at, "{header:" + kHeader + "}"},
      {"header_by_hash", by_block_hash, "{header:" + kHeader + "}"},
      {"commit", at,
       "{signed_header:{header:" + kHeader + ",commit:" + kCommit + "},canonical:bool}"},
      {"block_results", at,
       "{height:INT,txs_results:[" + kTxResult +
           "],finalize_block_events:null,validator_updates:null,consensus_param_updates:null,"
           "app_hash:BASE64}"},
      {"blockchain", json::object{{"minHeight", height_}, {"maxHeight", height_}},
       "{last_height:INT,block_metas:[{block_id:" + kBlockId + ",block_size:INT,header:" + kHeader +
           ",num_txs:INT}]}"},
      {"validators", at, kValidators},
      {"consensus_params", at, kParams},
      {"genesis_chunked", json::object{{"chunk", "0"}}, "{chunk:INT,total:INT,data:BASE64}"},
      {"tx", by_tx_hash, kTx},
      {"tx", proven, kProvenTx},
      {"tx_search", json::object{{"query", all_txs}}, "{txs:[" + kTx + "],total_count:INT}"},
      {"tx_search", json::object{{"query", all_txs}, {"prove", true}},
       "{txs:[" + kProvenTx + "],total_count:INT}"},
      {"block_search", json::object{{"query", all_blocks}},
       "{blocks:[" + kBlock + "],total_count:INT}"},
      {"num_unconfirmed_txs", {}, "{n_txs:INT,total:INT,total_bytes:INT,txs:null}"},
      {"unconfirmed_txs", {}, "{n_txs:INT,total:INT,total_bytes:INT,txs:[]}"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(result_shape(row.method, row.params), row.shape) << row.method;
}

// Whoever adds a method adds its row.
TEST_F(MethodsTest, TheMethodsAreThoseOfThisFile) {
  std::string names;
  const Bytes page = node_->get("/").body;
  constexpr std::string_view kLink = "<a href=\"/";
  for (std::size_t at = page.find(kLink); at != Bytes::npos; at = page.find(kLink, at + 1))
    names +=
        page.substr(at + kLink.size(), page.find('"', at + kLink.size()) - at - kLink.size()) + " ";
  EXPECT_EQ(names,
            "abci_info abci_query block block_by_hash block_results block_search blockchain "
            "broadcast_tx_async broadcast_tx_commit broadcast_tx_sync check_tx commit "
            "consensus_params genesis genesis_chunked header header_by_hash health net_info "
            "num_unconfirmed_txs status tx tx_search unconfirmed_txs validators ");
}

// --- What they say ---

TEST_F(MethodsTest, GenesisIsTheFileItself) {
  EXPECT_EQ(result("genesis").at("genesis"), json::parse(node_->genesis_json));
  const json::value chunk = result("genesis_chunked", json::object{{"chunk", "0"}});
  EXPECT_EQ(chunk.at("total"), json::value("1"));
  EXPECT_EQ(*from_base64(chunk.at("data").as_string()), node_->genesis_json);
}

TEST_F(MethodsTest, AChunkThatIsNotThereIsAnErrorThatSaysHowManyThereAre) {
  const json::object refused = error(node_->call("genesis_chunked", json::object{{"chunk", "1"}}));
  EXPECT_EQ(refused.at("code"), json::value(-32602));
  EXPECT_NE(refused.at("data").as_string().find("1 chunks"), json::string::npos);
}

TEST_F(MethodsTest, ABlockIsTheSameByHeightAndByHash) {
  const json::value block = result("block", json::object{{"height", height_}});
  EXPECT_EQ(block, result("block_by_hash", json::object{{"hash", to_base64(block_hash_)}}));
  EXPECT_EQ(block.at("block_id").at("hash"), json::value(to_hex_upper(block_hash_)));
  EXPECT_EQ(result("header", json::object{{"height", height_}}).at("header"),
            block.at("block").at("header"));
  EXPECT_EQ(result("header_by_hash", json::object{{"hash", to_base64(block_hash_)}}).at("header"),
            block.at("block").at("header"));
}

TEST_F(MethodsTest, AHashOfNoBlockIsAnEmptyAnswer) {
  const json::object unknown{{"hash", to_base64(crypto::sha256("none").view())}};
  EXPECT_EQ(result("block_by_hash", unknown).at("block"), json::value());
  EXPECT_EQ(result("header_by_hash", unknown).at("header"), json::value());
}

TEST_F(MethodsTest, AHeightAboveTheLastIsAnErrorThatNamesBoth) {
  const json::object refused = error(node_->call("block", json::object{{"height", "900000"}}));
  EXPECT_EQ(refused.at("code"), json::value(-32603));
  EXPECT_NE(refused.at("data").as_string().find("height 900000 must be less than or equal"),
            json::string::npos);
}

TEST_F(MethodsTest, ATransactionIsFoundByItsHashInBothWays) {
  const json::value one = result("tx", json::object{{"hash", to_base64(tx_hash_.view())}});
  const std::string hash = to_hex_upper(tx_hash_.view());
  EXPECT_EQ(one.at("hash"), json::value(hash));
  EXPECT_EQ(one.at("height"), json::value(height_));
  const json::value found = result("tx_search", json::object{{"query", "tx.hash='" + hash + "'"}});
  EXPECT_EQ(found.at("total_count"), json::value("1"));
  EXPECT_EQ(found.at("txs").at(0), one);
}

// specs/chain.md §2.2: clients poll for what is not there yet.
TEST_F(MethodsTest, AnUnknownHashIsAnEmptySearchAndAnErrorOfTx) {
  const Hash256 unknown = crypto::sha256("none");
  const json::value found = result(
      "tx_search", json::object{{"query", "tx.hash='" + to_hex_upper(unknown.view()) + "'"}});
  EXPECT_EQ(found, (json::value{{"txs", json::array()}, {"total_count", "0"}}));
  const json::object refused =
      error(node_->call("tx", json::object{{"hash", to_base64(unknown.view())}}));
  EXPECT_EQ(refused.at("data"), json::value("tx (" + to_hex_upper(unknown.view()) + ") not found"));
}

TEST_F(MethodsTest, AProofOfATransactionHoldsAgainstTheHeadersDataHash) {
  const json::value one =
      result("tx", json::object{{"hash", to_base64(tx_hash_.view())}, {"prove", true}});
  const json::value& proof = one.at("proof");
  const json::value header = result("header", json::object{{"height", height_}}).at("header");
  EXPECT_EQ(proof.at("root_hash"), header.at("data_hash"));
  const crypto::MerkleProof merkle{
      .total = 1,
      .index = 0,
      .leaf_hash = Hash256::of(*from_base64(proof.at("proof").at("leaf_hash").as_string())),
      .aunts = {}};
  const Bytes root = *from_hex(std::string_view(proof.at("root_hash").as_string()));
  EXPECT_TRUE(crypto::verify(merkle, Hash256::of(root), tx_hash_.view()));
}

// --- Transactions ---

TEST_F(MethodsTest, BroadcastSyncAnswersTheCheckAndARepetitionIsCometBftsError) {
  const Bytes tx = node_->send_tx(1, 2);
  const json::value sent = result("broadcast_tx_sync", tx_of(tx));
  EXPECT_EQ(shape_of(sent), "{code:number,data:'',log:'',codespace:'',hash:HASH}");
  EXPECT_EQ(sent.at("code"), json::value(0));
  EXPECT_EQ(sent.at("hash"), json::value(to_hex_upper(crypto::sha256(tx).view())));
  for (const char* method : {"broadcast_tx_sync", "broadcast_tx_async", "broadcast_tx_commit"}) {
    const json::object refused = error(node_->call(method, tx_of(tx)));
    EXPECT_EQ(refused.at("code"), json::value(-32603)) << method;
    EXPECT_EQ(refused.at("data"), json::value("tx already exists in cache")) << method;
  }
}

TEST_F(MethodsTest, BroadcastAsyncAnswersTheHashAtOnce) {
  const Bytes tx = node_->send_tx(2, 3);
  const json::value sent = result("broadcast_tx_async", tx_of(tx));
  EXPECT_EQ(shape_of(sent), "{code:number,data:'',log:'',codespace:'',hash:HASH}");
  EXPECT_EQ(sent.at("hash"), json::value(to_hex_upper(crypto::sha256(tx).view())));
}

TEST_F(MethodsTest, BroadcastCommitAnswersTheCheckAndTheBlock) {
  const Bytes tx = node_->send_tx(3, 0);
  const json::value sent = result("broadcast_tx_commit", tx_of(tx));
  EXPECT_EQ(sent.at("hash"), json::value(to_hex_upper(crypto::sha256(tx).view())));
  EXPECT_EQ(sent.at("check_tx").at("code"), json::value(0));
  EXPECT_NE(sent.at("check_tx").at("gas_wanted"), json::value("0"));
  EXPECT_EQ(shape_of(sent.at("tx_result")), kTxResult);
  EXPECT_EQ(shape_of(sent.at("height")), "INT");
}

TEST_F(MethodsTest, ARefusedTransactionIsACodeOfItsOwnNotAnErrorOfTheCall) {
  for (const char* method : {"broadcast_tx_sync", "check_tx"}) {
    const json::value refused = result(method, tx_of("not a transaction"));
    EXPECT_EQ(refused.at("code"), json::value(2)) << method;
    EXPECT_EQ(refused.at("codespace"), json::value("sdk")) << method;
  }
  const json::value refused = result("broadcast_tx_commit", tx_of("nor this"));
  EXPECT_EQ(refused.at("check_tx").at("code"), json::value(2));
  EXPECT_EQ(refused.at("height"), json::value("0"));
}

TEST_F(MethodsTest, CheckTxAddsNothingToTheMempool) {
  TestNode node;
  const Bytes tx = node.send_tx(0, 1);
  EXPECT_EQ(node.call("check_tx", tx_of(tx)).at("result").at("code"), json::value(0));
  EXPECT_EQ(node.call("check_tx", tx_of(tx)).at("result").at("code"), json::value(0));
  EXPECT_EQ(node.call("broadcast_tx_commit", tx_of(tx)).at("result").at("tx_result").at("code"),
            json::value(0));
}

TEST_F(MethodsTest, AHundredProofsReadEachBlockOnce) {
  TxProofs proofs(node_->sequencer->feed(), 0);
  const Height height{*parse_int<std::int64_t>(height_)};
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(proofs.of({height, 0}, "tx"));
  EXPECT_EQ(proofs.blocks_read(), 1u);
}

TEST_F(MethodsTest, ProofsStopAtTheirBytesAndSayWhatToDo) {
  node_->commit(node_->send_tx(0, 1));
  TxProofs proofs(node_->sequencer->feed(), 1);
  ASSERT_TRUE(proofs.of({Height{*parse_int<std::int64_t>(height_)}, 0}, "tx"));
  const auto second = proofs.of({node_->sequencer->feed().latest()->height(), 0}, "tx");
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().data.find("per_page"), std::string::npos);
}

// --- Envelopes: specs/chain.md §2.1 ---

TEST_F(MethodsTest, WhatIsWrongWithACallHasItsCode) {
  struct Row {
    const char* body;
    int code;
  };
  const Row rows[] = {
      {"{", -32700},
      {"", -32700},
      {"1", -32600},
      {"[]", -32600},
      {R"({"jsonrpc":"1.0","id":1,"method":"health"})", -32600},
      {R"({"jsonrpc":"2.0","id":1})", -32600},
      {R"({"jsonrpc":"2.0","id":{},"method":"health"})", -32600},
      {R"({"jsonrpc":"2.0","id":1,"method":"nothing"})", -32601},
      {R"({"jsonrpc":"2.0","id":1,"method":"block","params":"1"})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"block","params":{"height":"x"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"block","params":{"height":"-1"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"block","params":["1","2"]})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"tx","params":{"hash":"!"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"tx_search","params":{"query":"a ="}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"tx_search","params":{"query":"tx.height>0",)"
       R"("order_by":"up"}})",
       -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"tx_search","params":{"query":"tx.height>0",)"
       R"("page":"0"}})",
       -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"broadcast_tx_sync","params":{}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"block","params":{"height":"999999999"}})", -32603},
  };
  for (const Row& row : rows)
    EXPECT_EQ(error(json::parse(node_->post(row.body).body)).at("code"), json::value(row.code))
        << row.body;
}

TEST_F(MethodsTest, TheIdComesBackAsItCame) {
  for (const char* id : {"7", "\"a\"", "null", "-3"}) {
    const json::value answer = json::parse(
        node_->post(R"({"jsonrpc":"2.0","method":"health","id":)" + std::string(id) + "}").body);
    EXPECT_EQ(json::serialize(answer.at("id")), id);
  }
}

TEST_F(MethodsTest, PositionalParametersAreThoseOfTheNames) {
  EXPECT_EQ(result("block", json::array{height_}),
            result("block", json::object{{"height", height_}}));
  EXPECT_EQ(result("tx_search", json::array{"tx.height>0", false, "1", "1", "desc"}),
            result("tx_search", json::object{{"query", "tx.height>0"},
                                             {"prove", false},
                                             {"page", "1"},
                                             {"per_page", "1"},
                                             {"order_by", "desc"}}));
}

TEST_F(MethodsTest, TheUriFormAnswersTheSame) {
  const auto over_uri = [](const std::string& target) {
    const http::Response response = node_->get(target);
    EXPECT_EQ(response.status, 200) << target << " " << response.body;
    const json::value answer = json::parse(response.body);
    EXPECT_EQ(answer.at("id"), json::value(-1));
    return answer.at("result");
  };
  EXPECT_EQ(over_uri("/block?height=" + height_),
            result("block", json::object{{"height", height_}}));
  EXPECT_EQ(over_uri("/tx?hash=0x" + to_hex_upper(tx_hash_.view()) + "&prove=true"),
            result("tx", json::object{{"hash", to_base64(tx_hash_.view())}, {"prove", true}}));
  EXPECT_EQ(over_uri("/tx_search?query=%22tx.height=" + height_ + "%22"),
            result("tx_search", json::object{{"query", "tx.height=" + height_}}));
}

TEST_F(MethodsTest, TheUriFormHasStatusesForItsErrors) {
  EXPECT_EQ(node_->get("/nothing").status, 404);
  EXPECT_EQ(node_->get("/block?height=x").status, 500);
  EXPECT_EQ(error(json::parse(node_->get("/block?height=x").body)).at("code"), json::value(-32602));
}

}  // namespace
}  // namespace tp::rpc
