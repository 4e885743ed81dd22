#include "engine/solo/results_codec.h"

#include "base/varint.h"
#include "engine/comet_types/hash.h"
#include "engine/comet_types/wire.h"

namespace tp::solo {
namespace {

using comet_types::ProtoReader;
using comet_types::ProtoWriter;

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

std::size_t text_size(std::string_view text) {
  return text.empty() ? 0 : 1 + varint_size(text.size()) + text.size();
}

std::size_t integer_size(std::int64_t value) {
  return value == 0 ? 0 : 1 + varint_size(static_cast<std::uint64_t>(value));
}

std::size_t size_of(const chain::TxResult& result) {
  return integer_size(result.code) + text_size(result.data) + text_size(result.log) +
         text_size(result.info) + integer_size(result.gas_wanted) + integer_size(result.gas_used) +
         result.events.bytes().size() + text_size(result.codespace);
}

void open_frame(Bytes& out, std::uint32_t field, std::size_t size) {
  out.push_back(static_cast<char>(field << 3 | 2));
  append_varint(out, size);
}

void write_text(Bytes& out, std::uint32_t field, std::string_view text) {
  if (text.empty()) return;
  open_frame(out, field, text.size());
  out.append(text);
}

void write_integer(Bytes& out, std::uint32_t field, std::int64_t value) {
  if (value == 0) return;
  out.push_back(static_cast<char>(field << 3));
  append_varint(out, static_cast<std::uint64_t>(value));
}

void write(Bytes& out, const chain::TxResult& result) {
  write_integer(out, 1, result.code);
  write_text(out, 2, result.data);
  write_text(out, 3, result.log);
  write_text(out, 4, result.info);
  write_integer(out, 5, result.gas_wanted);
  write_integer(out, 6, result.gas_used);
  out.append(result.events.bytes());  // field 7
  write_text(out, 8, result.codespace);
}

Result<chain::Attribute> decode_attribute(BytesView bytes) {
  chain::Attribute out;
  out.index = false;
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: out.key = in.bytes(); break;
      case 2: out.value = in.bytes(); break;
      case 3: out.index = in.varint() != 0; break;
    }
  }
  TRY_VOID(in.finish("EventAttribute"));
  return out;
}

Result<chain::Event> decode_event(BytesView bytes) {
  chain::Event out;
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: out.type = in.bytes(); break;
      case 2: {
        TRY(chain::Attribute attribute, decode_attribute(in.bytes()));
        out.attributes.push_back(std::move(attribute));
        break;
      }
    }
  }
  TRY_VOID(in.finish("Event"));
  return out;
}

Result<chain::ValidatorUpdate> decode_validator_update(BytesView bytes) {
  chain::ValidatorUpdate out;
  ProtoReader in(bytes);
  while (in.next()) {
    if (in.field() == 1) {
      ProtoReader key(in.bytes());
      while (key.next()) {
        if (key.field() == 1) out.ed25519_public_key = key.bytes();
      }
      TRY_VOID(key.finish("PublicKey"));
    } else if (in.field() == 2) {
      out.power = in.integer();
    }
  }
  TRY_VOID(in.finish("ValidatorUpdate"));
  return out;
}

}  // namespace

void append_results(const chain::BlockResponse& response, Bytes& out,
                    std::vector<Place>& tx_results) {
  for (const chain::EventView& event : response.events) {
    open_frame(out, 1, event.encoded.size());
    out.append(event.encoded);
  }
  tx_results.clear();
  tx_results.reserve(response.tx_results.size());
  for (const chain::TxResult& result : response.tx_results) {
    const std::size_t size = size_of(result);
    open_frame(out, 2, size);
    tx_results.push_back({.offset = out.size(), .size = size});
    write(out, result);
  }
  for (const chain::ValidatorUpdate& update : response.validator_updates) {
    const Bytes key = ProtoWriter().bytes(1, update.ed25519_public_key).take();
    const Bytes message = ProtoWriter().message(1, key).integer(2, update.power).take();
    open_frame(out, 3, message.size());
    out.append(message);
  }
  write_text(out, 5, response.app_hash.view());
}

Result<chain::TxResult> decode_tx_result(BytesView bytes) {
  chain::TxResult out;
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: out.code = static_cast<std::uint32_t>(in.varint()); break;
      case 2: out.data = in.bytes(); break;
      case 3: out.log = in.bytes(); break;
      case 4: out.info = in.bytes(); break;
      case 5: out.gas_wanted = in.integer(); break;
      case 6: out.gas_used = in.integer(); break;
      case 7: {
        TRY(const chain::Event event, decode_event(in.bytes()));
        out.events.add(event);
        break;
      }
      case 8: out.codespace = in.bytes(); break;
    }
  }
  TRY_VOID(in.finish("ExecTxResult"));
  return out;
}

Result<chain::BlockResponse> decode_results(BytesView bytes) {
  chain::BlockResponse out;
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: {
        TRY(const chain::Event event, decode_event(in.bytes()));
        out.events.add(event);
        break;
      }
      case 2: {
        TRY(chain::TxResult result, decode_tx_result(in.bytes()));
        out.tx_results.push_back(std::move(result));
        break;
      }
      case 3: {
        TRY(chain::ValidatorUpdate update, decode_validator_update(in.bytes()));
        out.validator_updates.push_back(std::move(update));
        break;
      }
      case 5: {
        if (in.bytes().size() != Hash256::kSize) in.reject();
        out.app_hash = Hash256::of(in.bytes());
        break;
      }
    }
  }
  TRY_VOID(in.finish("ResponseFinalizeBlock"));
  return out;
}

Hash256 results_hash(const chain::BlockResponse& response) {
  std::vector<comet_types::DeterministicResult> results;
  results.reserve(response.tx_results.size());
  for (const chain::TxResult& result : response.tx_results) {
    results.push_back({.code = result.code,
                       .data = result.data,
                       .gas_wanted = result.gas_wanted,
                       .gas_used = result.gas_used});
  }
  return comet_types::results_hash(results);
}

}  // namespace tp::solo
