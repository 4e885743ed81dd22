#include "rpc/server.h"

#include "rpc/comet_json.h"
#include "rpc/envelope.h"
#include "rpc/subscriptions.h"

namespace tp::rpc {
namespace {

http::Response json_response(const json::value& body) {
  return http::Response::json(json::serialize(body));
}

// Calls one method with JSON parameters; the answer goes into an envelope.
void call_method(const Methods& methods, const Call& call,
                 const std::function<void(json::object)>& done) {
  const Method* method = methods.find(call.method);
  if (method == nullptr)
    return done(answer_envelope(call.id,
                                std::unexpected(Failure{-32601, "Method not found", call.method})));
  const Answer<Params> params = Params::from_json(call.params, method->parameters);
  if (!params) return done(answer_envelope(call.id, std::unexpected(params.error())));
  method->call(*params, [id = call.id, done](Answer<json::value> answer) {
    done(answer_envelope(id, std::move(answer)));
  });
}

// The answers of a batch, in the order of its calls, sent when the last is there. Written out as
// they come; what goes beyond `bytes_max` becomes an error.
class Batch : public std::enable_shared_from_this<Batch> {
 public:
  Batch(std::size_t size, std::size_t bytes_max, http::Reply reply)
      : bytes_max_(bytes_max), answers_(size), missing_(size), reply_(std::move(reply)) {}

  // False when the calls before have used up the bytes: the next need not be made.
  bool has_room() const {
    const std::lock_guard lock(mutex_);
    return bytes_ < bytes_max_;
  }

  // `answer` is empty for a notification.
  void set(std::size_t index, const json::object& answer) {
    std::string text = answer.empty() ? std::string() : json::serialize(answer);
    {
      const std::lock_guard lock(mutex_);
      if (bytes_ + text.size() > bytes_max_) {
        bytes_ = bytes_max_;
        text = json::serialize(too_long(answer.at("id")));
      } else {
        bytes_ += text.size();
      }
      answers_[index] = std::move(text);
      if (--missing_ > 0) return;
    }
    std::string all;
    for (const std::string& one : answers_) {
      if (one.empty()) continue;
      all += all.empty() ? '[' : ',';
      all += one;
    }
    if (all.empty()) return reply_({.status = 200});
    reply_(http::Response::json(all + "]"));
  }

  json::object too_long(const json::value& id) const {
    return answer_envelope(
        id, internal_error("the answers of this batch have more than " +
                           std::to_string(bytes_max_) + " bytes; send fewer calls together"));
  }

 private:
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::vector<std::string> answers_;  // empty for notifications
  std::size_t missing_;
  http::Reply reply_;
};

std::string index_page(const Methods& methods) {
  std::string page =
      "<html><body><h1>Turnpike</h1><p>JSON-RPC endpoints, as CometBFT serves them:</p><ul>";
  for (const auto& [name, method] : methods.all()) {
    page += "<li><a href=\"/" + name + "\">" + name + "</a>";
    for (const std::string& parameter : method.parameters) page += " " + parameter;
    page += "</li>";
  }
  return page + "</ul></body></html>\n";
}

}  // namespace

struct Server::State {
  State(Sources sources, NodeIdentity identity, const ServerOptions& server_options)
      : options(server_options),
        methods(sources, std::move(identity), options.answer_bytes_max),
        subscriptions(sources.sequencer, {.per_client_max = options.subscriptions_per_client_max,
                                          .clients_max = options.subscription_clients_max,
                                          .blocks_max = options.subscription_blocks_max}) {}

  ServerOptions options;
  Methods methods;
  Subscriptions subscriptions;
  std::unique_ptr<http::Server> http;  // last: it stops first

  void handle(const http::Request& request, http::Reply reply) {
    if (request.method == "POST") return handle_post(request, std::move(reply));
    if (request.method == "GET") return handle_get(request, std::move(reply));
    reply(http::Response::text("use GET or POST\n", 405));
  }

  void handle_post(const http::Request& request, http::Reply reply) {
    const auto respond = [reply](json::object envelope) { reply(json_response(envelope)); };
    const Answer<json::value> parsed = parse_request(request.body);
    if (!parsed) return respond(answer_envelope(nullptr, std::unexpected(parsed.error())));
    if (parsed->is_array()) return handle_batch(parsed->get_array(), std::move(reply));
    const Answer<Call> call = read_call(*parsed);
    if (!call) return respond(answer_envelope(nullptr, std::unexpected(call.error())));
    if (call->is_notification) return reply({.status = 200});
    call_method(methods, *call, respond);
  }

  void handle_batch(const json::array& calls, http::Reply reply) {
    const auto refuse = [&reply](std::string why) {
      reply(json_response(answer_envelope(
          nullptr, std::unexpected(Failure{-32600, "Invalid Request", std::move(why)}))));
    };
    if (calls.empty()) return refuse("an empty batch");
    if (calls.size() > options.batch_max)
      return refuse("a batch may have " + std::to_string(options.batch_max) +
                    " calls, this one has " + std::to_string(calls.size()));
    const auto batch =
        std::make_shared<Batch>(calls.size(), options.batch_bytes_max, std::move(reply));
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const Answer<Call> call = read_call(calls[i]);
      if (!call) {
        batch->set(i, answer_envelope(nullptr, std::unexpected(call.error())));
      } else if (call->is_notification) {
        batch->set(i, {});
      } else if (!batch->has_room()) {
        batch->set(i, batch->too_long(call->id));
      } else {
        call_method(methods, *call,
                    [batch, i](const json::object& envelope) { batch->set(i, envelope); });
      }
    }
  }

  void handle_get(const http::Request& request, http::Reply reply) {
    const std::string_view name = request.path().substr(1);
    if (name.empty())
      return reply(
          {.status = 200, .headers = {{"Content-Type", "text/html"}}, .body = index_page(methods)});
    const Method* method = methods.find(name);
    if (method == nullptr)
      return reply(http::Response::json(
          json::serialize(answer_envelope(
              -1, std::unexpected(Failure{-32601, "Method not found", std::string(name)}))),
          404));
    method->call(Params::from_uri(request.query_parameters()), [reply](Answer<json::value> answer) {
      const int status = answer ? 200 : 500;
      reply(http::Response::json(json::serialize(answer_envelope(-1, std::move(answer))), status));
    });
  }
};

namespace {

// One client's WebSocket: calls as over POST, and subscriptions.
class Session final : public http::WebSocketSession {
 public:
  Session(const Methods& methods, Subscriptions& subscriptions,
          std::shared_ptr<http::WebSocket> socket)
      : methods_(methods),
        subscriptions_(subscriptions),
        socket_(std::move(socket)),
        client_(subscriptions.add_client(socket_)) {}

  void on_message(BytesView message, bool) override {
    const Answer<json::value> parsed = parse_request(message);
    if (!parsed) return send(answer_envelope(nullptr, std::unexpected(parsed.error())));
    const Answer<Call> call = read_call(*parsed);
    if (!call) return send(answer_envelope(nullptr, std::unexpected(call.error())));
    if (call->method == "subscribe" || call->method == "unsubscribe" ||
        call->method == "unsubscribe_all")
      return manage(*call);
    const auto socket = socket_;
    call_method(methods_, *call, [socket](const json::object& envelope) {
      socket->send(json::serialize(envelope), false);
    });
  }

  void on_close() override {
    subscriptions_.remove_client(client_);
    socket_.reset();
  }

 private:
  void send(const json::object& envelope) { socket_->send(json::serialize(envelope), false); }

  void manage(const Call& call) {
    const Answer<Params> params = Params::from_json(call.params, {"query"});
    if (!params) return send(answer_envelope(call.id, std::unexpected(params.error())));
    if (call.method == "subscribe") {
      send(answer_envelope(call.id, subscriptions_.subscribe(client_, call.id, *params)));
    } else if (call.method == "unsubscribe") {
      send(answer_envelope(call.id, subscriptions_.unsubscribe(client_, *params)));
    } else {
      send(answer_envelope(call.id, subscriptions_.unsubscribe_all(client_)));
    }
  }

  const Methods& methods_;
  Subscriptions& subscriptions_;
  std::shared_ptr<http::WebSocket> socket_;
  const Subscriptions::ClientId client_;
};

}  // namespace

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() {
  state_->http.reset();
}

std::uint16_t Server::port() const {
  return state_->http->port();
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Sources sources,
                                              NodeIdentity identity) {
  auto state = std::make_unique<State>(sources, std::move(identity), options);
  State* raw = state.get();
  TRY_TO(
      state->http,
      http::Server::start(
          options.http,
          [raw](const http::Request& request, http::Reply reply) {
            raw->handle(request, std::move(reply));
          },
          [raw](const http::Request& request, std::shared_ptr<http::WebSocket> socket)
              -> std::expected<std::shared_ptr<http::WebSocketSession>, http::Response> {
            if (request.path() != "/websocket")
              return std::unexpected(http::Response::text("WebSockets are at /websocket\n", 404));
            return std::make_shared<Session>(raw->methods, raw->subscriptions, std::move(socket));
          }));
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

}  // namespace tp::rpc
