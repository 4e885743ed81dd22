// Routes: which handler runs a message or answers a query, by the name that stands on the wire.
#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "chain/context.h"
#include "chain/message_types.h"
#include "store/reader.h"
#include "store/row_names.h"

namespace tp::chain {

using ProtoMessage = google::protobuf::Message;

struct MessageRoute {
  std::function<Result<std::vector<Address>>(const ProtoMessage&)> signers;
  std::function<Result<std::unique_ptr<ProtoMessage>>(Context&, const ProtoMessage&)> handle;
  // Null where nothing is named.
  std::function<void(const ProtoMessage&, store::RowNames&)> name_rows = nullptr;
};

// Messages by type URL: "/cosmos.bank.v1beta1.MsgSend".
class MessageRouter {
 public:
  // `signers(message)` names who must sign, in order; `handle(context, message)` does the work and
  // returns the response. A failed handle leaves no trace: the machine drops its overlay.
  template <class Message, class Response>
  void add(std::function<Result<std::vector<Address>>(const Message&)> signers,
           std::function<Result<Response>(Context&, const Message&)> handle) {
    insert(types_.add_message<Message>(),
           MessageRoute{.signers =
                            [signers](const ProtoMessage& message) {
                              return signers(static_cast<const Message&>(message));
                            },
                        .handle = [handle](Context& context, const ProtoMessage& message)
                            -> Result<std::unique_ptr<ProtoMessage>> {
                          TRY(Response response,
                              handle(context, static_cast<const Message&>(message)));
                          return std::make_unique<Response>(std::move(response));
                        }});
  }

  // For messages that come by the thousand: `name_rows(message, rows)` names the rows that `handle`
  // will read besides those of the signers, so that they can be fetched in time. Only advice.
  // Precondition: the message was added.
  template <class Message>
  void add_row_names(std::function<void(const Message&, store::RowNames&)> name_rows) {
    const MessageType* type = types_.find("/" + Message::descriptor()->full_name());
    TP_ASSERT(type != nullptr);
    routes_[type->index]->name_rows = [name_rows](const ProtoMessage& message,
                                                  store::RowNames& rows) {
      name_rows(static_cast<const Message&>(message), rows);
    };
  }

  // Null when the type is known but nobody handles it. Cost: an array lookup.
  const MessageRoute* find(const MessageType& type) const;
  // Every type that may stand in a transaction; modules may add types of other roles.
  MessageTypes& types() { return types_; }

 private:
  void insert(const MessageType& type, MessageRoute route);

  MessageTypes types_;
  std::vector<std::optional<MessageRoute>> routes_;  // by MessageType::index
};

// What a query handler reads: one committed height.
struct QueryContext {
  const store::Reader& state;
  const BlockInfo& block;
  const ChainParams& params;
};

// gRPC status codes that queries fail with; codespace "sdk" on the wire (specs/chain.md §2.3).
enum class QueryError : std::uint32_t {
  kInvalidArgument = 3,
  kNotFound = 5,
  kPermissionDenied = 7,
  kUnimplemented = 12,
  kInternal = 13,
};
ErrorInfo describe(QueryError error);
// As clients see it: status errors carry the texts and codes that they look for (specs/chain.md
// §2.2); registered errors of modules pass as they are.
Error as_query_error(Error error);

// Queries by gRPC path: "/cosmos.bank.v1beta1.Query/Balance".
class QueryRouter {
 public:
  using Handler = std::function<Result<Bytes>(const QueryContext&, BytesView request)>;

  template <class Request, class Response>
  void add(std::string path,
           std::function<Result<Response>(const QueryContext&, const Request&)> handle) {
    insert(std::move(path),
           [handle](const QueryContext& context, BytesView bytes) -> Result<Bytes> {
             Request request;
             if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
               return fail(QueryError::kInvalidArgument,
                           "the request is not a " + Request::descriptor()->full_name());
             TRY(const Response response, handle(context, request));
             return response.SerializeAsString();
           });
  }

  // The same where what is asked for may have left the state (chain/history.h). `id_of` gives the
  // id of the one object that a request is about, under which it left; nothing where it is about
  // none in particular. `is_empty` says of an answer that the object is not in it; without it, only
  // kNotFound does.
  template <class Request, class Response>
  void add_leaving(std::string path,
                   std::function<Result<Response>(const QueryContext&, const Request&)> handle,
                   std::function<std::optional<std::string>(const Request&)> id_of,
                   std::function<bool(const Response&)> is_empty = nullptr) {
    leaving_.emplace(path,
                     [id_of, is_empty](BytesView bytes,
                                       const Result<Bytes>& answer) -> std::optional<std::string> {
                       if (answer) {
                         Response response;
                         if (!is_empty || !response.ParseFromString(*answer) || !is_empty(response))
                           return std::nullopt;
                       } else if (!is(answer.error(), QueryError::kNotFound)) {
                         return std::nullopt;
                       }
                       Request request;
                       if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
                         return std::nullopt;
                       return id_of(request);
                     });
    add<Request, Response>(std::move(path), std::move(handle));
  }

  // Null when nobody answers at the path.
  const Handler* find(std::string_view path) const;
  // How history names the object that `answer` should have been about and that is not in the state
  // (history_key of chain/history.h); empty where the answer stands.
  std::string asks_history(std::string_view path, BytesView request,
                           const Result<Bytes>& answer) const;

 private:
  using MissingId = std::function<std::optional<std::string>(BytesView, const Result<Bytes>&)>;
  void insert(std::string path, Handler handler);

  std::map<std::string, Handler, std::less<>> handlers_;
  std::map<std::string, MissingId, std::less<>> leaving_;
};

}  // namespace tp::chain
