#include "client/event_stream.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <deque>

#include "client/error.h"
#include "client/rpc_json.h"
#include "client/transport.h"

namespace tp::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace json = boost::json;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

// Text messages over a WebSocket. One read is always under way, so that a caller may stop waiting
// without losing what comes later.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual Result<void> open() = 0;
  virtual Result<void> write(const std::string& text) = 0;
  // Nothing when none came in time. Errors: the stream is broken.
  virtual Result<std::optional<std::string>> read(Duration timeout) = 0;
};

template <class Stream>
class WebSocketChannel final : public Channel {
 public:
  template <class... Args>
  WebSocketChannel(const Endpoint& endpoint, const HttpOptions& options, Args&... stream_arguments)
      : endpoint_(endpoint), options_(options), socket_(io_, stream_arguments...) {}

  Result<void> open() override {
    TRY_VOID(connect_stream(io_, socket_.next_layer(), endpoint_, options_));
    // From here on the WebSocket keeps the time itself.
    beast::get_lowest_layer(socket_).expires_never();
    socket_.set_option(
        websocket::stream_base::timeout{.handshake_timeout = to_chrono(options_.connect_timeout),
                                        .idle_timeout = to_chrono(options_.request_timeout),
                                        .keep_alive_pings = true});
    socket_.read_message_max(options_.response_bytes_max);
    const error_code error = run([&](auto done) {
      socket_.async_handshake(endpoint_.host_header(), endpoint_.path + "/websocket", done);
    });
    if (error) return io_failure(endpoint_, error);
    start_read();
    return {};
  }

  Result<void> write(const std::string& text) override {
    const error_code error = run([&](auto done) { socket_.async_write(asio::buffer(text), done); });
    if (error) return io_failure(endpoint_, error);
    return {};
  }

  Result<std::optional<std::string>> read(Duration timeout) override {
    const auto deadline = std::chrono::steady_clock::now() + to_chrono(timeout);
    while (messages_.empty() && !broken_) {
      io_.restart();
      if (io_.run_one_until(deadline) == 0) return std::nullopt;
    }
    if (messages_.empty()) return io_failure(endpoint_, broken_);
    std::string message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }

 private:
  // Runs until this operation is done; the read under way may complete meanwhile.
  template <class Start>
  error_code run(Start start) {
    std::optional<error_code> outcome;
    start([&outcome](const error_code& error, auto&&...) { outcome = error; });
    io_.restart();
    while (!outcome && io_.run_one() > 0) {
    }
    return outcome.value_or(asio::error::operation_aborted);
  }

  void start_read() {
    socket_.async_read(buffer_, [this](const error_code& error, std::size_t) {
      if (error) {
        broken_ = error;
        return;
      }
      messages_.push_back(beast::buffers_to_string(buffer_.data()));
      buffer_.clear();
      start_read();
    });
  }

  const Endpoint endpoint_;
  const HttpOptions options_;
  asio::io_context io_{1};
  websocket::stream<Stream> socket_;
  beast::flat_buffer buffer_;
  std::deque<std::string> messages_;
  error_code broken_;
};

// The events lie elsewhere for each kind of message (specs/chain.md §2.2).
Result<Notice> read_notice(const json::object& result) {
  Notice notice;
  TRY(notice.query, text_at(result, "query"));
  TRY(const json::object* const data, object_at(result, "data"));
  notice.data_json = json::serialize(*data);
  TRY(const std::string type, text_at(*data, "type"));
  TRY(const json::object* const value, object_at(*data, "value"));
  if (type == "tendermint/event/Tx") {
    TRY(const json::object* const tx, object_at(*value, "TxResult"));
    TRY(notice.height.value, number_at<std::int64_t>(*tx, "height"));
    TRY(const json::object* const outcome, object_at(*tx, "result"));
    TRY(notice.events, events_at(*outcome, "events"));
  } else if (type == "tendermint/event/NewBlock") {
    TRY(const json::object* const block, object_at(*value, "block"));
    TRY(const json::object* const header, object_at(*block, "header"));
    TRY(notice.height.value, number_at<std::int64_t>(*header, "height"));
    TRY(const json::object* const outcome, object_at(*value, "result_finalize_block"));
    TRY(notice.events, events_at(*outcome, "events"));
  } else if (type == "tendermint/event/NewBlockHeader") {
    TRY(const json::object* const header, object_at(*value, "header"));
    TRY(notice.height.value, number_at<std::int64_t>(*header, "height"));
  } else if (type == "tendermint/event/NewBlockEvents") {
    TRY(notice.height.value, number_at<std::int64_t>(*value, "height"));
    TRY(notice.events, events_at(*value, "events"));
  }
  return notice;
}

}  // namespace

struct EventStream::Impl {
  HttpOptions options;
  std::unique_ptr<asio::ssl::context> tls;
  std::unique_ptr<Channel> channel;
  std::int64_t last_id = 0;
  std::deque<Notice> notices;  // came while we waited for an agreement

  // Takes one message apart: an agreement to the request `id` (true), or a notice to be kept.
  Result<bool> accept(std::string_view message, std::int64_t id) {
    TRY(const json::value envelope, parse_json(message));
    if (!envelope.is_object()) return fail(ClientError::kMalformed, "not a JSON-RPC message");
    const json::object& in = envelope.get_object();
    if (const json::value* error = in.if_contains("error"); error != nullptr && !error->is_null())
      return std::unexpected(rpc_error(*error));
    TRY(const json::object* const result, object_at(in, "result"));
    if (result->empty()) {
      TRY(const std::int64_t answered, number_at<std::int64_t>(in, "id"));
      return answered == id;
    }
    TRY(Notice notice, read_notice(*result));
    notices.push_back(std::move(notice));
    return false;
  }
};

EventStream::EventStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventStream::EventStream(EventStream&&) noexcept = default;
EventStream& EventStream::operator=(EventStream&&) noexcept = default;
EventStream::~EventStream() = default;

Result<EventStream> EventStream::open(std::string_view url, HttpOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  TRY(const Endpoint endpoint, parse_endpoint(url));
  if (endpoint.tls) {
    TRY(impl->tls, make_tls_context(impl->options));
    impl->channel =
        std::make_unique<WebSocketChannel<TlsStream>>(endpoint, impl->options, *impl->tls);
  } else {
    impl->channel = std::make_unique<WebSocketChannel<PlainStream>>(endpoint, impl->options);
  }
  TRY_VOID(impl->channel->open());
  return EventStream(std::move(impl));
}

Result<void> EventStream::subscribe(std::string_view query) {
  const std::int64_t id = ++impl_->last_id;
  const json::object request = {
      {"jsonrpc", "2.0"},
      {"id", id},
      {"method", "subscribe"},
      {"params", {{"query", json::string_view(query.data(), query.size())}}}};
  TRY_VOID(impl_->channel->write(json::serialize(request)));
  while (true) {
    TRY(const std::optional<std::string> message,
        impl_->channel->read(impl_->options.request_timeout));
    if (!message) return fail(ClientError::kTimeout, "subscribing to " + std::string(query));
    TRY(const bool agreed, impl_->accept(*message, id));
    if (agreed) return {};
  }
}

Result<std::optional<Notice>> EventStream::next(Duration timeout) {
  if (impl_->notices.empty()) {
    TRY(const std::optional<std::string> message, impl_->channel->read(timeout));
    if (!message) return std::nullopt;
    TRY_VOID(impl_->accept(*message, 0));
  }
  if (impl_->notices.empty()) return std::nullopt;
  Notice notice = std::move(impl_->notices.front());
  impl_->notices.pop_front();
  return notice;
}

}  // namespace tp::client
