#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

#include "http/client.h"
#include "http/server.h"

namespace tp::http {
namespace {

std::string base(const Server& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

std::unique_ptr<Server> serve(Handler handler, ServerOptions options = {},
                              WebSocketHandler websocket = {}) {
  auto server = Server::start(std::move(options), std::move(handler), std::move(websocket));
  EXPECT_TRUE(server) << server.error().text;
  return *std::move(server);
}

TEST(Url, NamesHostPortAndTarget) {
  const Url url = Url::parse("http://example.com:81/a?b=c").value();
  EXPECT_EQ(url.host, "example.com");
  EXPECT_EQ(url.port, "81");
  EXPECT_EQ(url.target, "/a?b=c");
  EXPECT_EQ(Url::parse("https://[::1]").value().host, "::1");
  EXPECT_EQ(Url::parse("wss://x").value().port, "443");
}

TEST(Url, RefusesWhatCarriesSecretsOrIsNoUrl) {
  EXPECT_FALSE(Url::parse("http://user:secret@host"));
  EXPECT_FALSE(Url::parse("host"));
  EXPECT_FALSE(Url::parse("http://host:70000"));
  EXPECT_FALSE(Url::parse("ftp://host"));
}

TEST(Request, QueryParametersAreDecoded) {
  const Request request{.target = "/x?a=%22b%20c%22&d&e=%zz"};
  EXPECT_EQ(request.path(), "/x");
  EXPECT_EQ(request.query("a"), "\"b c\"");
  EXPECT_EQ(request.query("d"), "");
  EXPECT_EQ(request.query("e"), std::nullopt);
}

TEST(Http, ARequestArrivesWholeAndItsAnswerComesBack) {
  const auto server = serve([](const Request& request, const Reply& reply) {
    reply(Response::json(request.method + request.target + request.body + request.peer, 201));
  });
  Client client = Client::to(base(*server) + "/prefix").value();
  const Response response = client.post("/path?q=1", "body").value();
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "POST/prefix/path?q=1body127.0.0.1");
  EXPECT_EQ(response.header("content-type"), "application/json");
}

TEST(Http, AnAnswerMayComeLaterFromAnotherThread) {
  std::thread later;
  {
    const auto server = serve([&later](const Request&, const Reply& reply) {
      later = std::thread([reply] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        reply(Response::text("late"));
      });
    });
    EXPECT_EQ(Client::to(base(*server)).value().get("/").value().body, "late");
  }
  later.join();
}

TEST(Http, ABodyAboveTheLimitIsRefusedWith413) {
  const auto server = serve([](const Request&, const Reply& reply) { reply(Response::text("ok")); },
                            {.body_bytes_max = 10});
  EXPECT_EQ(Client::to(base(*server)).value().post("/", Bytes(11, 'x')).value().status, 413);
}

TEST(Http, AKeptConnectionThatTheServerClosedIsOpenedAgain) {
  ServerOptions options;
  options.read_timeout = Duration::milliseconds(50);
  const auto server =
      serve([](const Request&, const Reply& reply) { reply(Response::text("ok")); }, options);
  Client client = Client::to(base(*server)).value();
  EXPECT_EQ(client.get("/").value().body, "ok");
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(client.get("/").value().body, "ok");
}

TEST(Http, ASecondServerOnThePortIsAClearError) {
  const auto server =
      serve([](const Request&, const Reply& reply) { reply(Response::text("ok")); });
  const auto second = Server::start({.port = server->port()}, [](const Request&, const Reply&) {});
  ASSERT_FALSE(second);
  EXPECT_TRUE(is(second.error(), HttpError::kCannotListen));
  EXPECT_NE(second.error().text.find("127.0.0.1:" + std::to_string(server->port())),
            std::string::npos);
}

TEST(Http, ASilentServerIsATimeout) {
  const auto server = serve([](const Request&, const Reply&) {});
  Client client = Client::to(base(*server), {.timeout = Duration::milliseconds(100)}).value();
  const auto response = client.get("/");
  ASSERT_FALSE(response);
  EXPECT_TRUE(is(response.error(), HttpError::kTimeout));
}

TEST(Http, AClientGoesOnAfterATimeout) {
  std::mutex mutex;
  std::vector<Reply> held;
  const auto server = serve([&](const Request& request, const Reply& reply) {
    if (request.target != "/silent") return reply(Response::text("ok"));
    const std::lock_guard lock(mutex);
    held.push_back(reply);
  });
  Client client = Client::to(base(*server), {.timeout = Duration::milliseconds(500)}).value();
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(client.get("/silent"));
    const auto next = client.get("/");
    ASSERT_TRUE(next) << next.error().text;
    EXPECT_EQ(next->body, "ok");
  }
}

TEST(Http, NobodyListeningIsCannotConnect) {
  const auto response = Client::to("http://127.0.0.1:1").value().get("/");
  ASSERT_FALSE(response);
  EXPECT_TRUE(is(response.error(), HttpError::kCannotConnect));
}

TEST(Http, OnePeerHasAShareOfTheConnections) {
  ServerOptions options;
  options.connections_per_peer_max = 2;
  const auto server =
      serve([](const Request& request, const Reply& reply) { reply(Response::text(request.peer)); },
            options);
  Client first = Client::to(base(*server)).value(), third = Client::to(base(*server)).value();
  EXPECT_TRUE(first.get("/"));
  {
    Client second = Client::to(base(*server)).value();
    EXPECT_TRUE(second.get("/"));
    EXPECT_FALSE(third.get("/"));
  }
  // The second is gone, as the server hears soon.
  bool served = false;
  for (int i = 0; i < 500 && !served; ++i) {
    served = third.get("/").has_value();
    if (!served) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(served);
}

TEST(Http, ConnectionsLeaveHalfOfTheFilesToTheRest) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{.rlim_cur = 64, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto server =
      serve([](const Request&, const Reply& reply) { reply(Response::text("ok")); });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  std::vector<Client> clients;
  std::size_t served = 0;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(Client::to(base(*server)).value());
    served += clients.back().get("/").has_value() ? 1 : 0;
  }
  EXPECT_EQ(served, 16u);  // a quarter of 64, coming from one peer
}

TEST(Http, CorsAnswersPreflight) {
  ServerOptions options;
  options.cors = true;
  const auto server =
      serve([](const Request&, const Reply& reply) { reply(Response::text("ok")); }, options);
  const Response response = Client::to(base(*server)).value().send({.method = "OPTIONS"}).value();
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.header("Access-Control-Allow-Origin"), "*");
}

class EchoSession final : public WebSocketSession {
 public:
  explicit EchoSession(std::shared_ptr<WebSocket> socket) : socket_(std::move(socket)) {}
  void on_message(BytesView message, bool binary) override {
    if (message == "close") {
      socket_->close(4001, "not found");
    } else {
      socket_->send(Bytes(message), binary);
    }
  }
  void on_close() override { socket_.reset(); }

 private:
  std::shared_ptr<WebSocket> socket_;
};

std::unique_ptr<Server> serve_echo(ServerOptions options = {}) {
  return serve([](const Request&, const Reply& reply) { reply(Response::text("plain")); },
               std::move(options),
               [](const Request& request, std::shared_ptr<WebSocket> socket)
                   -> std::expected<std::shared_ptr<WebSocketSession>, Response> {
                 if (request.path() != "/echo")
                   return std::unexpected(Response::text("no such socket", 404));
                 return std::make_shared<EchoSession>(std::move(socket));
               });
}

TEST(WebSocket, MessagesGoBothWaysAndKeepTheirKind) {
  const auto server = serve_echo();
  auto socket =
      WebSocketClient::connect("ws://127.0.0.1:" + std::to_string(server->port()) + "/echo")
          .value();
  ASSERT_TRUE(socket.send("hello"));
  const auto first = socket.receive(Duration::seconds(5)).value().value();
  EXPECT_EQ(first.data, "hello");
  EXPECT_FALSE(first.binary);
  ASSERT_TRUE(socket.send("\x01\x02", true));
  EXPECT_TRUE(socket.receive(Duration::seconds(5)).value().value().binary);
  EXPECT_EQ(socket.receive(Duration::milliseconds(20)).value(), std::nullopt);
  ASSERT_TRUE(socket.send("after a wait"));
  EXPECT_EQ(socket.receive(Duration::seconds(5)).value().value().data, "after a wait");
}

TEST(WebSocket, TheServersCloseCodeReachesTheClient) {
  const auto server = serve_echo();
  auto socket =
      WebSocketClient::connect("ws://127.0.0.1:" + std::to_string(server->port()) + "/echo")
          .value();
  ASSERT_TRUE(socket.send("close"));
  EXPECT_FALSE(socket.receive(Duration::seconds(5)));
  EXPECT_EQ(socket.close_code(), 4001);
}

TEST(WebSocket, ARefusedUpgradeSaysTheStatus) {
  const auto server = serve_echo();
  const auto socket =
      WebSocketClient::connect("ws://127.0.0.1:" + std::to_string(server->port()) + "/other");
  ASSERT_FALSE(socket);
  EXPECT_NE(socket.error().text.find("404"), std::string::npos);
}

TEST(WebSocket, ASocketMayOutliveItsServer) {
  std::promise<std::shared_ptr<WebSocket>> opened;
  auto server =
      serve([](const Request&, const Reply& reply) { reply(Response::text("plain")); }, {},
            [&opened](const Request&, std::shared_ptr<WebSocket> socket)
                -> std::expected<std::shared_ptr<WebSocketSession>, Response> {
              opened.set_value(socket);
              return std::make_shared<EchoSession>(std::move(socket));
            });
  auto client =
      WebSocketClient::connect("ws://127.0.0.1:" + std::to_string(server->port())).value();
  const std::shared_ptr<WebSocket> socket = opened.get_future().get();
  EXPECT_TRUE(socket->send("while it is there", false));
  server.reset();
  EXPECT_FALSE(socket->send("afterwards", false));
  socket->close(1000, "");
}

TEST(Http, AReplyAfterTheServerIsGoneGoesNowhere) {
  std::promise<Reply> asked;
  auto server = serve([&asked](const Request&, const Reply& reply) { asked.set_value(reply); });
  Client client = Client::to(base(*server), {.timeout = Duration::seconds(5)}).value();
  auto answer = std::async(std::launch::async, [&client] { return client.get("/"); });
  const Reply reply = asked.get_future().get();
  server.reset();
  EXPECT_FALSE(answer.get());
  reply(Response::text("too late"));
}

TEST(Http, RepliesMayComeWhileTheServerEnds) {
  for (int round = 0; round < 20; ++round) {
    std::mutex mutex;
    std::vector<Reply> replies;
    std::atomic<bool> stop = false;
    auto server = serve([&](const Request&, const Reply& reply) {
      const std::lock_guard lock(mutex);
      replies.push_back(reply);
    });
    std::thread replier([&] {
      while (!stop) {
        const std::lock_guard lock(mutex);
        for (const Reply& reply : std::exchange(replies, {})) reply(Response::text("ok"));
      }
    });
    std::thread asker([url = base(*server)] {
      Client client = Client::to(url, {.timeout = Duration::seconds(5)}).value();
      while (client.get("/")) {
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    server.reset();
    asker.join();
    stop = true;
    replier.join();
  }
}

}  // namespace
}  // namespace tp::http
