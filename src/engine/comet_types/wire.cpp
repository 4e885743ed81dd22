#include "engine/comet_types/wire.h"

#include <bit>
#include <cstring>

#include "base/varint.h"

namespace tp::comet_types {
namespace {

constexpr std::uint32_t kVarint = 0;
constexpr std::uint32_t kFixed64 = 1;
constexpr std::uint32_t kLengthDelimited = 2;
constexpr std::uint32_t kFixed32 = 5;

static_assert(std::endian::native == std::endian::little);

void append_tag(Bytes& out, std::uint32_t field, std::uint32_t type) {
  append_varint(out, std::uint64_t{field} << 3 | type);
}

}  // namespace

ErrorInfo describe(WireError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"wire", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case WireError::kMalformed: return info("malformed message");
    case WireError::kOutOfRange: return info("value out of range");
    case WireError::kMissing: return info("missing field");
  }
  TP_FATAL("WireError out of range");
}

ProtoWriter& ProtoWriter::varint(std::uint32_t field, std::uint64_t value) {
  if (value == 0) return *this;
  append_tag(out_, field, kVarint);
  append_varint(out_, value);
  return *this;
}

ProtoWriter& ProtoWriter::sfixed64(std::uint32_t field, std::int64_t value) {
  if (value == 0) return *this;
  append_tag(out_, field, kFixed64);
  std::array<char, 8> raw;
  std::memcpy(raw.data(), &value, raw.size());
  out_.append(raw.data(), raw.size());
  return *this;
}

ProtoWriter& ProtoWriter::bytes(std::uint32_t field, BytesView value) {
  return value.empty() ? *this : message(field, value);
}

ProtoWriter& ProtoWriter::message(std::uint32_t field, BytesView value) {
  append_tag(out_, field, kLengthDelimited);
  append_varint(out_, value.size());
  out_.append(value);
  return *this;
}

bool ProtoReader::next() {
  if (bad_ || rest_.empty()) return false;
  const auto tag = take_varint(rest_);
  bad_ = true;  // until the whole field was seen
  if (!tag || *tag >> 3 == 0 || *tag >> 3 >= 1u << 29) return false;
  field_ = static_cast<std::uint32_t>(*tag >> 3);
  type_ = static_cast<std::uint32_t>(*tag & 7);
  if (type_ == kVarint) {
    const auto value = take_varint(rest_);
    if (!value) return false;
    number_ = *value;
  } else if (type_ == kFixed64 || type_ == kFixed32) {
    const std::size_t size = type_ == kFixed64 ? 8 : 4;
    if (rest_.size() < size) return false;
    number_ = 0;
    std::memcpy(&number_, rest_.data(), size);
    rest_.remove_prefix(size);
  } else if (type_ == kLengthDelimited) {
    const auto size = take_varint(rest_);
    if (!size || *size > rest_.size()) return false;
    content_ = rest_.substr(0, static_cast<std::size_t>(*size));
    rest_.remove_prefix(content_.size());
  } else {
    return false;  // groups
  }
  bad_ = false;
  return true;
}

std::uint64_t ProtoReader::varint() {
  if (type_ != kVarint) bad_ = true;
  return bad_ ? 0 : number_;
}

std::int64_t ProtoReader::sfixed64() {
  if (type_ != kFixed64) bad_ = true;
  return bad_ ? 0 : static_cast<std::int64_t>(number_);
}

BytesView ProtoReader::bytes() {
  if (type_ != kLengthDelimited) bad_ = true;
  return bad_ ? BytesView() : content_;
}

Result<void> ProtoReader::finish(std::string_view message) const {
  if (bad_) return fail(WireError::kMalformed, message);
  return {};
}

}  // namespace tp::comet_types
