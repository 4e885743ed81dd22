// The protobuf wire format for the few messages that are hashed or stored block by block.
//
// By hand, because CometBFT's encoder (gogoproto) writes embedded messages even when they are
// empty, which libprotobuf cannot be told to do, and hashes depend on it (specs/chain.md §1.4, §9).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tp::comet_types {

enum class WireError : std::uint32_t {
  kMalformed = 2,  // not protobuf, or a field of another type
  kOutOfRange = 3,
  kMissing = 4,
};
ErrorInfo describe(WireError error);

// Appends fields in the order of the calls; scalars that are zero and byte strings that are empty
// are left out, as proto3 does.
class ProtoWriter {
 public:
  ProtoWriter& varint(std::uint32_t field, std::uint64_t value);
  // int32, int64: negative numbers take ten bytes.
  ProtoWriter& integer(std::uint32_t field, std::int64_t value) {
    return varint(field, static_cast<std::uint64_t>(value));
  }
  ProtoWriter& sfixed64(std::uint32_t field, std::int64_t value);
  ProtoWriter& bytes(std::uint32_t field, BytesView value);
  // Always written, also when empty: an embedded message, or one element of a repeated field.
  ProtoWriter& message(std::uint32_t field, BytesView value);

  void reserve(std::size_t size) { out_.reserve(size); }
  const Bytes& view() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

// Walks over the fields of one message:
//
//   ProtoReader in(bytes);
//   while (in.next()) {
//     switch (in.field()) {
//       case 1: height = in.integer(); break;
//       case 2: name = in.bytes(); break;
//     }
//   }
//   TRY_VOID(in.finish("Commit"));
//
// Fields that are not read are skipped. After the first mistake next() answers false and finish()
// reports it. Views point into the input.
class ProtoReader {
 public:
  explicit ProtoReader(BytesView in) : rest_(in) {}

  bool next();
  std::uint32_t field() const { return field_; }

  std::uint64_t varint();
  std::int64_t integer() { return static_cast<std::int64_t>(varint()); }
  std::int64_t sfixed64();
  BytesView bytes();

  // Marks the message as wrong for a reason that the caller found.
  void reject() { bad_ = true; }
  // Errors: kMalformed, naming the message.
  Result<void> finish(std::string_view message) const;

 private:
  BytesView rest_;
  std::uint32_t field_ = 0;
  std::uint32_t type_ = 0;
  std::uint64_t number_ = 0;
  BytesView content_;
  bool bad_ = false;
};

}  // namespace tp::comet_types
