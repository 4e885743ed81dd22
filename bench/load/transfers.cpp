// Transfers signed before, over many connections, until all are in blocks.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include "base/text.h"
#include "client/rpc_client.h"
#include "cosmos/bank/v1beta1/query.pb.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "modes.h"
#include "signers.h"

namespace tp::load {
namespace {

namespace json = boost::json;

std::unexpected<Error> broken(const std::string& what) {
  return fail(BaseError::kInvalidText, what + ": " + std::strerror(errno));
}

// One connection: sends its requests one after the other, each when the one before is answered.
class Connection {
 public:
  explicit Connection(std::vector<std::string> requests) : requests_(std::move(requests)) {}
  ~Connection() {
    if (socket_ >= 0) ::close(socket_);
  }
  Connection(Connection&& other) noexcept
      : requests_(std::move(other.requests_)), socket_(std::exchange(other.socket_, -1)) {}

  Result<void> open(const sockaddr_in& address) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return broken("socket");
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return broken("connect");
    const int yes = 1;
    (void)::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return {};
  }
  int descriptor() const { return socket_; }
  bool finished() const { return next_ == requests_.size() && answered_ == next_; }

  Result<void> send_next() {
    if (next_ == requests_.size()) return {};
    std::string_view rest = requests_[next_++];
    while (!rest.empty()) {
      const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent < 0) return broken("send");
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  // Reads what is there. When the answer is whole, looks at it and sends the next request.
  Result<void> on_readable() {
    char buffer[64 << 10];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got <= 0) return broken("the node closed a connection");
    answer_.append(buffer, static_cast<std::size_t>(got));
    const std::size_t body = answer_.find("\r\n\r\n");
    if (body == std::string::npos) return {};
    const std::size_t header = answer_.find("Content-Length: ");
    if (header == std::string::npos || header > body)
      return fail(BaseError::kInvalidText, "an answer without its length");
    const std::size_t size = std::strtoull(answer_.c_str() + header + 16, nullptr, 10);
    if (answer_.size() < body + 4 + size) return {};
    // Every answer of a batch must say code 0.
    std::size_t accepted = 0;
    for (std::size_t at = answer_.find("\"code\":0", body); at != std::string::npos;
         at = answer_.find("\"code\":0", at + 1))
      ++accepted;
    if (accepted != in_request(next_ - 1))
      return fail(BaseError::kInvalidText, "refused: " + answer_.substr(body + 4, 500));
    answer_.clear();
    ++answered_;
    return send_next();
  }

 private:
  std::size_t in_request(std::size_t index) const {
    std::size_t count = 0;
    const std::string& request = requests_[index];
    for (std::size_t at = request.find("\"method\""); at != std::string::npos;
         at = request.find("\"method\"", at + 1))
      ++count;
    return count;
  }

  std::vector<std::string> requests_;
  int socket_ = -1;
  std::size_t next_ = 0, answered_ = 0;
  std::string answer_;
};

std::string http_request(const std::vector<std::string>& calls) {
  std::string body = calls.size() == 1 ? calls.front() : "[";
  if (calls.size() > 1) {
    for (const std::string& call : calls) body += (body.size() > 1 ? "," : "") + call;
    body += "]";
  }
  return "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
         "application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

Result<void> drive(std::vector<Connection>& connections, const sockaddr_in& address) {
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  if (poll < 0) return broken("epoll");
  for (std::size_t i = 0; i < connections.size(); ++i) {
    TRY_VOID(connections[i].open(address));
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    if (::epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].descriptor(), &event) != 0)
      return broken("epoll");
    TRY_VOID(connections[i].send_next());
  }
  std::size_t open = connections.size();
  while (open > 0) {
    epoll_event events[64];
    const int count = ::epoll_wait(poll, events, 64, 30'000);
    if (count <= 0) return fail(BaseError::kInvalidText, "the node has not answered for 30 s");
    for (int i = 0; i < count; ++i) {
      Connection& connection = connections[events[i].data.u64];
      TRY_VOID(connection.on_readable());
      if (!connection.finished()) continue;
      (void)::epoll_ctl(poll, EPOLL_CTL_DEL, connection.descriptor(), nullptr);
      --open;
    }
  }
  ::close(poll);
  return {};
}

// How many transactions the blocks from `first` on hold, and how far they go.
Result<std::uint64_t> transactions_since(client::RpcClient& node, Height& first) {
  TRY(const client::NodeStatus status, node.status());
  std::uint64_t count = 0;
  while (first <= status.latest_height) {
    const Height last{std::min(first.value + 19, status.latest_height.value)};
    TRY(const std::string text,
        node.call("blockchain", R"({"minHeight":")" + std::to_string(first.value) +
                                    R"(","maxHeight":")" + std::to_string(last.value) + "\"}"));
    const json::value result = json::parse(text);
    for (const json::value& meta : result.at("block_metas").as_array()) {
      TRY(const auto txs, parse_int<std::uint64_t>(std::string(meta.at("num_txs").as_string())));
      count += txs;
    }
    first = last.next();
  }
  return count;
}

Result<std::uint64_t> balance(client::RpcClient& node, const std::string& address) {
  cosmos::bank::v1beta1::QueryBalanceRequest request;
  request.set_address(address);
  request.set_denom("utoll");
  TRY(const auto response, node.query<cosmos::bank::v1beta1::QueryBalanceResponse>(
                               "/cosmos.bank.v1beta1.Query/Balance", request));
  return parse_int<std::uint64_t>(response.balance().amount());
}

}  // namespace

Result<void> transfers(const Settings& settings) {
  const std::uint64_t accounts = settings.number("accounts", 1'000'000);
  const std::uint64_t signers = settings.number("signers", 20'000);
  const std::uint64_t count = settings.number("transfers", 200'000);
  const std::uint64_t connection_count = settings.number("connections", 64);
  const std::uint64_t batch = settings.number("batch", 1);
  const std::string method = settings.text("method");
  const std::string url = settings.text("rpc");
  TRY(client::RpcClient node, client::RpcClient::make(url));

  // Transfers of one account go over one connection, in their order.
  TRY(const auto first_account, node.account(address_of_key(0)));
  if (!first_account) return fail(BaseError::kNotFound, "the first account");
  const std::uint64_t each = count / signers;
  std::vector<std::vector<std::string>> calls(connection_count);
  std::vector<Signer> wallets;
  for (std::uint64_t i = 0; i < signers; ++i)
    wallets.emplace_back(i, client::AccountNumber{first_account->number.value + i},
                         first_account->sequence);
  for (std::uint64_t n = 0; n < each * signers; ++n) {
    Signer& wallet = wallets[n % signers];
    cosmos::bank::v1beta1::MsgSend message;
    message.set_from_address(wallet.text());
    message.set_to_address(bystander(signers + n * 7919 % (accounts - signers)));
    message.add_amount()->set_denom("utoll");
    message.mutable_amount(0)->set_amount("1");
    calls[n % signers % connection_count].push_back(
        R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{"tx":")" +
        to_base64(wallet.sign({client::to_message(message)}, Gas{100'000})) + "\"}}");
  }
  std::vector<Connection> connections;
  for (std::vector<std::string>& own : calls) {
    std::vector<std::string> requests;
    for (std::size_t at = 0; at < own.size(); at += batch)
      requests.push_back(http_request(
          {own.begin() + static_cast<std::ptrdiff_t>(at),
           own.begin() + static_cast<std::ptrdiff_t>(std::min(at + batch, own.size()))}));
    connections.emplace_back(std::move(requests));
    own.clear();
  }
  std::printf("%llu transfers are signed\n", static_cast<unsigned long long>(each * signers));
  std::fflush(stdout);

  const std::string receiver = bystander(signers);
  TRY(const std::uint64_t before, balance(node, receiver));
  TRY(const client::NodeStatus status, node.status());
  Height height = status.latest_height.next();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(
      static_cast<std::uint16_t>(parse_int<std::uint16_t>(url.substr(url.rfind(':') + 1)).value()));
  (void)::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);

  const auto began = std::chrono::steady_clock::now();
  TRY_VOID(drive(connections, address));
  const std::chrono::duration<double> answered = std::chrono::steady_clock::now() - began;
  // A block that can be read is durable.
  for (std::uint64_t in_blocks = 0; in_blocks < each * signers;) {
    TRY(const std::uint64_t more, transactions_since(node, height));
    in_blocks += more;
    if (in_blocks < each * signers) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (std::chrono::steady_clock::now() - began > std::chrono::seconds(600))
      return fail(BaseError::kInvalidText, std::to_string(in_blocks) + " of " +
                                               std::to_string(each * signers) + " are in blocks");
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began;
  std::uint64_t expected = 0;
  for (std::uint64_t n = 0; n < each * signers; ++n)
    if (n * 7919 % (accounts - signers) == 0) ++expected;
  TRY(const std::uint64_t after, balance(node, receiver));
  if (after - before != expected)
    return fail(BaseError::kInvalidText, receiver + " received " + std::to_string(after - before) +
                                             " of " + std::to_string(expected));
  std::printf("all answered after %.2f s, all in blocks after %.2f s\n", answered.count(),
              taken.count());
  std::printf(
      "{\"figure\": \"signed_transfers_http\", \"value\": %.1f, \"unit\": \"1/s\", \"settings\": "
      "\"%llu accounts, %llu transfers of %llu signers by %s over %llu connections, %s, client on "
      "the same machine\"}\n",
      static_cast<double>(each * signers) / taken.count(),
      static_cast<unsigned long long>(accounts), static_cast<unsigned long long>(each * signers),
      static_cast<unsigned long long>(signers), method.c_str(),
      static_cast<unsigned long long>(connection_count),
      batch == 1 ? "one call a request" : (std::to_string(batch) + " calls a request").c_str());
  return {};
}

}  // namespace tp::load
