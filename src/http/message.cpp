#include "http/message.h"

#include <algorithm>
#include <cctype>

namespace tp::http {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (same_name(key, name)) return value;
  return std::nullopt;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

Headers Request::query_parameters() const {
  Headers parameters;
  const std::size_t mark = target.find('?');
  std::string_view rest =
      mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    const std::size_t equals = item.find('=');
    auto name = percent_decode(item.substr(0, equals));
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view()
                                                                 : item.substr(equals + 1));
    if (name && value && !name->empty())
      parameters.emplace_back(*std::move(name), *std::move(value));
  }
  return parameters;
}

std::optional<std::string> Request::query(std::string_view name) const {
  for (auto& [key, value] : query_parameters())
    if (key == name) return std::move(value);
  return std::nullopt;
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  return find_header(headers, name);
}
std::optional<std::string_view> Response::header(std::string_view name) const {
  return find_header(headers, name);
}

Response Response::json(Bytes body, int status) {
  return {
      .status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

Response Response::text(std::string body, int status) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::move(body)};
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
  return out;
}

Result<Url> Url::parse(std::string_view text) {
  const auto bad = [text](std::string_view why) {
    return fail(HttpError::kInvalidUrl, "\"" + std::string(text) + "\" " + std::string(why));
  };
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return bad("has no scheme such as http://");
  Url url{.scheme = std::string(text.substr(0, colon))};
  if (url.scheme != "http" && url.scheme != "https" && url.scheme != "ws" && url.scheme != "wss")
    return bad("is neither http, https, ws nor wss");
  std::string_view rest = text.substr(colon + 3);
  const std::size_t slash = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, slash);
  url.target = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (url.target.front() == '?') url.target.insert(0, "/");
  if (authority.find('@') != std::string_view::npos)
    return bad("carries a user name, which never belongs into a URL");

  if (authority.starts_with('[')) {  // an IPv6 address
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return bad("has an unclosed bracket");
    url.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
  } else {
    url.host = authority.substr(0, authority.find(':'));
    authority.remove_prefix(url.host.size());
  }
  if (url.host.empty()) return bad("names no host");
  if (authority.starts_with(':')) {
    url.port = authority.substr(1);
    const bool digits =
        !url.port.empty() && url.port.size() <= 5 &&
        std::all_of(url.port.begin(), url.port.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || std::stoi(url.port) < 1 || std::stoi(url.port) > 65535)
      return bad("has a port outside 1..65535");
  } else {
    url.port = url.is_secure() ? "443" : "80";
  }
  return url;
}

ErrorInfo describe(HttpError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"http", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case HttpError::kInvalidUrl: return info("invalid URL");
    case HttpError::kCannotConnect: return info("cannot connect");
    case HttpError::kTimeout: return info("no answer in time");
    case HttpError::kBroken: return info("the connection broke");
    case HttpError::kTooLarge: return info("too large");
    case HttpError::kTls: return info("TLS failed");
    case HttpError::kCannotListen: return info("cannot listen");
  }
  TP_FATAL("HttpError out of range");
}

}  // namespace tp::http
