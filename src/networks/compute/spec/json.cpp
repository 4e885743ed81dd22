#include "networks/compute/spec/json.h"

namespace tp::compute {
namespace {

constexpr std::string_view kReplacement = "\\ufffd";

// The length of the UTF-8 sequence at the front of `text`; 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  std::size_t length = 0;
  std::uint8_t low = 0x80, high = 0xbf;  // of the second byte
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf)
    length = 2;
  else if (first >= 0xe0 && first <= 0xef)
    length = 3;
  else if (first >= 0xf0 && first <= 0xf4)
    length = 4;
  else
    return 0;
  if (first == 0xe0) low = 0xa0;   // no overlong forms
  if (first == 0xed) high = 0x9f;  // no surrogates
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f;  // nothing above U+10FFFF
  if (text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  return length;
}

void append_control(std::string& out, char c) {
  switch (c) {
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u00";
  out += kDigits[static_cast<std::uint8_t>(c) >> 4];
  out += kDigits[static_cast<std::uint8_t>(c) & 15];
}

}  // namespace

void JsonWriter::value() {
  if (comma_) text_ += ',';
  comma_ = true;
}

void JsonWriter::open(char bracket) {
  value();
  text_ += bracket;
  comma_ = false;
}

void JsonWriter::close(char bracket) {
  text_ += bracket;
  comma_ = true;
}

void JsonWriter::key(std::string_view name) {
  string(name);
  text_ += ':';
  comma_ = false;
}

void JsonWriter::string(std::string_view text) {
  value();
  text_ += '"';
  while (!text.empty()) {
    const char c = text[0];
    std::size_t length = utf8_length(text);
    if (length == 0) {
      text_ += kReplacement;
      length = 1;
    } else if (length > 1) {
      const std::string_view sequence = text.substr(0, length);
      if (sequence == "\u2028")
        text_ += "\\u2028";
      else if (sequence == "\u2029")
        text_ += "\\u2029";
      else
        text_ += sequence;
    } else if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (static_cast<std::uint8_t>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
      append_control(text_, c);
    } else {
      text_ += c;
    }
    text.remove_prefix(length);
  }
  text_ += '"';
}

void JsonWriter::number(std::uint64_t number) {
  value();
  text_ += std::to_string(number);
}

void JsonWriter::boolean(bool flag) {
  value();
  text_ += flag ? "true" : "false";
}

void JsonWriter::null() {
  value();
  text_ += "null";
}

void JsonWriter::raw(std::string_view json) {
  value();
  text_ += json;
}

}  // namespace tp::compute
