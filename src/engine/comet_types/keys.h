// The node's two keys in CometBFT's own files, so that a chain can be handed to CometBFT with the
// validator that made its history: priv_validator_key.json and node_key.json.
#pragma once

#include <string>

#include "base/disk.h"
#include "crypto/ed25519.h"
#include "crypto/random.h"
#include "engine/comet_types/types.h"

namespace tp::comet_types {

// Files, not passphrases: CometBFT reads them at start without a person. SystemDisk makes them
// readable by their owner only.

// Errors: kInvalidText, naming the field: not JSON, another key type, an address or public key that
// does not belong to the private key.
Result<crypto::Ed25519PrivateKey> parse_validator_key(std::string_view json);
std::string write_validator_key(const crypto::Ed25519PrivateKey& key);

Result<crypto::Ed25519PrivateKey> parse_node_key(std::string_view json);
std::string write_node_key(const crypto::Ed25519PrivateKey& key);
// 40 lower-case digits: what peers and the status method call this node.
std::string node_id(const crypto::Ed25519PublicKey& key);

// Reads the file, or makes a new key and writes it when the file is absent.
// Errors: kInputOutput; kInvalidText, with the path.
Result<crypto::Ed25519PrivateKey> load_or_make_validator_key(Disk& disk, const std::string& path,
                                                             crypto::Random& random);
Result<crypto::Ed25519PrivateKey> load_or_make_node_key(Disk& disk, const std::string& path,
                                                        crypto::Random& random);

}  // namespace tp::comet_types
