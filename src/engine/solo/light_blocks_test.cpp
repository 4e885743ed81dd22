// Blocks for verifiers that are not ours: tests/clients/light_client feeds them to CometBFT's own.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/memory_disk.h"
#include "engine/comet_types/encoding.h"
#include "engine/comet_types/vote.h"
#include "engine/comet_types/wire.h"
#include "engine/solo/counter_app.h"
#include "engine/solo/solo_test_support.h"

namespace tp::solo {
namespace {

using comet_types::ProtoWriter;

// tendermint.types.LightBlock.
Bytes light_block(const BlockMeta& meta, const comet_types::Commit& commit,
                  const comet_types::Validator& validator) {
  const Bytes key = ProtoWriter().bytes(1, validator.public_key.view()).take();
  const Bytes member = ProtoWriter()
                           .bytes(1, validator.address().view())
                           .message(2, key)
                           .integer(3, validator.power)
                           .take();
  const Bytes validators = ProtoWriter().message(1, member).message(2, member).take();
  const Bytes signed_header = ProtoWriter()
                                  .message(1, comet_types::encode(meta.header))
                                  .message(2, comet_types::encode(commit))
                                  .take();
  return ProtoWriter().message(1, signed_header).message(2, validators).take();
}

// With TURNPIKE_LIGHT_BLOCKS set, also writes them to that file, one a line, in hexadecimal: odd
// heights with the commit signed at once, even ones with that of the next block.
TEST(LightBlocks, AHundredCommitsProveTheirBlocks) {
  MemoryDisk disk;
  CounterApp::State saved;
  CounterApp app(saved);
  HandClock clock;
  auto store = BlockStore::open(test_store_options("blocks"), disk);
  auto maker = BlockMaker::open(app, **store, test_genesis(), test_key(), clock);
  ASSERT_TRUE(maker);
  for (int i = 0; i <= 100; ++i) {
    clock.advance(Duration::milliseconds(i * 37 % 1'000));
    std::vector<Bytes> txs;
    for (int n = 0; n < i % 4; ++n)
      txs.push_back("add " + std::to_string(i) + " " + std::to_string(n));
    ASSERT_TRUE((*maker)->seal(pooled(std::move(txs))));
    ASSERT_TRUE((*maker)->commit());
  }
  const comet_types::Validator& validator = (*maker)->validators()[0];
  std::string lines;
  for (Height h{1}; h <= Height{100}; h = h.next()) {
    const BlockMeta meta = *(*store)->meta(h);
    const comet_types::Commit commit =
        h.value % 2 == 1 ? meta.seen_commit : (*store)->meta(h.next())->last_commit;
    EXPECT_TRUE(
        comet_types::verify_commit((*maker)->validators(), "solo-test", meta.id, h, commit));
    lines += to_hex(light_block(meta, commit, validator)) + "\n";
  }
  if (const char* path = std::getenv("TURNPIKE_LIGHT_BLOCKS")) {
    SystemDisk files;
    ASSERT_TRUE(write_atomically(files, path, lines));
  }
}

}  // namespace
}  // namespace tp::solo
