#include "client/http_client.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <mutex>
#include <optional>

#include "client/error.h"
#include "client/transport.h"

namespace tp::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

// One connection, used by one request at a time.
class Connection {
 public:
  Connection(const Endpoint& endpoint, const HttpOptions& options, asio::ssl::context* tls)
      : endpoint_(endpoint), options_(options) {
    if (tls == nullptr) {
      plain_.emplace(io_);
    } else {
      tls_.emplace(io_, *tls);
    }
  }

  Result<void> connect() {
    return tls_ ? connect_stream(io_, *tls_, endpoint_, options_)
                : connect_stream(io_, *plain_, endpoint_, options_);
  }

  Result<HttpResponse> exchange(const HttpRequest& request) {
    return tls_ ? exchange_on(*tls_, request) : exchange_on(*plain_, request);
  }

  // A server that has said anything since the last answer, the end included, is of no more use.
  bool is_idle() {
    if (!reusable_) return false;
    auto& socket = tls_ ? tls_->next_layer().socket() : plain_->socket();
    error_code error;
    socket.non_blocking(true, error);
    char byte = 0;
    socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
    return error == asio::error::would_block;
  }

 private:
  template <class Stream>
  Result<HttpResponse> exchange_on(Stream& stream, const HttpRequest& request) {
    reusable_ = false;
    http::request<http::string_body> out;
    const http::verb verb = http::string_to_verb(request.method);
    if (verb == http::verb::unknown)
      return fail(ClientError::kInvalidUrl, "unknown HTTP method " + request.method);
    out.method(verb);
    out.target(endpoint_.path + request.target);
    out.version(11);
    out.set(http::field::host, endpoint_.host_header());
    out.set(http::field::user_agent, "turnpike");
    for (const auto& [name, value] : request.headers) out.set(name, value);
    out.body() = request.body;
    out.prepare_payload();

    http::response_parser<http::string_body> in;
    in.body_limit(options_.response_bytes_max);
    if (verb == http::verb::head) in.skip(true);
    beast::get_lowest_layer(stream).expires_after(to_chrono(options_.request_timeout));
    error_code error =
        run_one(io_, [&](auto done) { http::async_write(stream, out, std::move(done)); });
    if (!error)
      error =
          run_one(io_, [&](auto done) { http::async_read(stream, buffer_, in, std::move(done)); });
    if (error) return io_failure(endpoint_, error);
    beast::get_lowest_layer(stream).expires_never();
    reusable_ = in.get().keep_alive() && buffer_.size() == 0;

    HttpResponse response;
    response.status = in.get().result_int();
    for (const auto& field : in.get())
      response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    response.body = std::move(in.get().body());
    return response;
  }

  const Endpoint& endpoint_;
  const HttpOptions& options_;
  asio::io_context io_{1};
  std::optional<PlainStream> plain_;
  std::optional<TlsStream> tls_;
  beast::flat_buffer buffer_;
  bool reusable_ = true;
};

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& field) { return same_name(field.first, name); });
  return found == headers.end() ? std::string_view() : found->second;
}

struct HttpClient::Impl {
  Endpoint endpoint;
  HttpOptions options;
  std::unique_ptr<asio::ssl::context> tls;
  std::mutex mutex;
  std::vector<std::unique_ptr<Connection>> kept;

  // A connected one. Those found closed are dropped.
  Result<std::unique_ptr<Connection>> take() {
    while (true) {
      std::unique_ptr<Connection> connection;
      {
        const std::lock_guard lock(mutex);
        if (kept.empty()) break;
        connection = std::move(kept.back());
        kept.pop_back();
      }
      if (connection->is_idle()) return connection;
    }
    auto connection = std::make_unique<Connection>(endpoint, options, tls.get());
    TRY_VOID(connection->connect());
    return connection;
  }

  void give_back(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(connection));
  }
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::make(std::string_view url, HttpOptions options) {
  auto impl = std::make_unique<Impl>();
  TRY(impl->endpoint, parse_endpoint(url));
  impl->options = std::move(options);
  if (impl->endpoint.tls) {
    TRY(impl->tls, make_tls_context(impl->options));
  }
  return HttpClient(std::move(impl));
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  TRY(std::unique_ptr<Connection> connection, impl_->take());
  TRY(HttpResponse response, connection->exchange(request));
  impl_->give_back(std::move(connection));
  return response;
}

}  // namespace tp::client
