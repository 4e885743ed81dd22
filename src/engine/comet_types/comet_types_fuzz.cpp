// Blocks, commits and genesis files from outside: decoders neither crash nor disagree with
// encoders.
#include "engine/comet_types/encoding.h"
#include "engine/comet_types/genesis.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tp::comet_types;
  const tp::BytesView input(reinterpret_cast<const char*>(data), size);
  if (const auto block = decode_block(input)) {
    const auto again = decode_block(encode(*block));
    if (!again || *again != *block) TP_FATAL("a decoded block changed when written and read again");
  }
  (void)decode_consensus_params(input);
  if (const auto genesis = parse_genesis(input)) (void)write_genesis(*genesis);
  return 0;
}
