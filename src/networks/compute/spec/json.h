// Writes JSON text as Go's encoder would: no spaces, its escapes, plain integers. Internal to this
// folder; the caller gives keys in the order that it wants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "networks/compute/spec/groups.h"

namespace tp::compute {

class JsonWriter {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  void key(std::string_view name);
  // `<`, `>`, `&`, U+2028 and U+2029 are escaped; what is not UTF-8 becomes U+FFFD.
  void string(std::string_view text);
  void number(std::uint64_t value);
  void boolean(bool value);
  void null();
  void raw(std::string_view json);  // one value that is JSON already

  void field(std::string_view name, std::string_view text) { key(name), string(text); }
  void field(std::string_view name, std::uint32_t value) { key(name), number(value); }

  std::string text() && { return std::move(text_); }

 private:
  void open(char bracket);
  void close(char bracket);
  void value();  // puts the comma that this value needs

  std::string text_;
  bool comma_ = false;  // whether the next value or key follows another one
};

// {"cpu","endpoints","gpu","id","memory","storage"} with the rules of the canonical form.
void write_resources(JsonWriter& out, const Resources& resources);

}  // namespace tp::compute
