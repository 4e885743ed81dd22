// Messages and queries of modules, as they come from the wire, without a machine: no signatures, no
// gas limit.
#pragma once

#include "chain/router.h"
#include "modules/testing/ledger.h"

namespace tp::testing {

class Wire {
 public:
  explicit Wire(Ledger& ledger) : ledger_(ledger) {}

  void add(chain::Module& module) {
    module.add_messages(messages_);
    module.add_queries(queries_);
  }

  // Runs the message as a transaction of its signers would. Errors: of the signers, of the handler.
  template <class Response, class Message>
  Result<Response> send(const Message& message) {
    const auto* type = messages_.types().find("/" + Message::descriptor()->full_name());
    TP_ASSERT(type != nullptr);
    const chain::MessageRoute* route = messages_.find(*type);
    TP_ASSERT(route != nullptr);
    TRY_TO(signers, route->signers(message));
    return ledger_.tx([&](chain::Context& context) -> Result<Response> {
      TRY(const auto response, route->handle(context, message));
      return static_cast<const Response&>(*response);
    });
  }

  template <class Response, class Request>
  Result<Response> ask(const std::string& path, const Request& request) const {
    const auto* handler = queries_.find(path);
    TP_ASSERT(handler != nullptr);
    TRY(const Bytes answer, (*handler)({ledger_.state(), ledger_.block(), ledger_.params()},
                                       request.SerializeAsString()));
    Response response;
    TP_ASSERT(response.ParseFromString(answer));
    return response;
  }

  std::vector<Address> signers;  // of the last message sent

 private:
  Ledger& ledger_;
  chain::MessageRouter messages_;
  chain::QueryRouter queries_;
};

}  // namespace tp::testing
