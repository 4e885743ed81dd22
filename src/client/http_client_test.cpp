#include "client/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "client/error.h"
#include "client/fake_server.h"

namespace tp::client {
namespace {

using ::testing::HasSubstr;

HttpResponse get(HttpClient& client, std::string_view target = "/") {
  const auto response =
      client.send({.method = "GET", .target = std::string(target), .headers = {}, .body = {}});
  EXPECT_TRUE(response) << response.error().text;
  return response ? *response : HttpResponse{};
}

HttpClient client_of(const FakeServer& server, HttpOptions options = {}) {
  return *HttpClient::make(server.url(), std::move(options));
}

TEST(HttpClient, SendsWhatItIsGivenAndReturnsWhatItGets) {
  FakeRequest seen;
  FakeServer server([&](const FakeRequest& request, FakeSocket& socket) {
    seen = request;
    socket.write(http_reply(404, "nothing", "X-Trace: 7\r\n"));
    return true;
  });
  HttpClient client = *HttpClient::make(server.url() + "/base/");
  const auto response = client.send({.method = "PUT",
                                     .target = "/lease?x=1",
                                     .headers = {{"Authorization", "Bearer t"}},
                                     .body = "manifest"});
  ASSERT_TRUE(response) << response.error().text;
  EXPECT_EQ(response->status, 404u);
  EXPECT_EQ(response->header("x-trace"), "7");
  EXPECT_EQ(response->header("absent"), "");
  EXPECT_EQ(response->body, "nothing");
  EXPECT_EQ(seen.line(), "PUT /base/lease?x=1 HTTP/1.1");
  EXPECT_EQ(seen.header("Authorization"), "Bearer t");
  EXPECT_EQ(seen.header("Host"), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(seen.body, "manifest");
}

TEST(HttpClient, KeepsAConnectionForTheNextRequest) {
  FakeServer server([](const FakeRequest&, FakeSocket& socket) {
    socket.write(http_reply(200, "ok"));
    return true;
  });
  HttpClient client = client_of(server);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get(client).body, "ok");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, NoticesThatTheServerClosedAKeptConnection) {
  FakeServer server([](const FakeRequest&, FakeSocket& socket) {
    socket.write(http_reply(200, "ok"));
    return false;
  });
  HttpClient client = client_of(server);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(get(client).body, "ok");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // for the end to arrive
  }
  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpClient, ManyThreadsShareAClient) {
  FakeServer server([](const FakeRequest& request, FakeSocket& socket) {
    socket.write(http_reply(200, request.line()));
    return true;
  });
  HttpClient client = client_of(server);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string target = "/" + std::to_string(t * 100 + i);
        if (get(client, target).body != "GET " + target + " HTTP/1.1") ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(server.connections(), 4);
}

TEST(HttpClient, AServerThatIsNotThereIsUnreachable) {
  std::optional<FakeServer> server(std::in_place,
                                   [](const FakeRequest&, FakeSocket&) { return false; });
  HttpClient client = client_of(*server);
  server.reset();
  const auto response = client.send({});
  ASSERT_FALSE(response);
  EXPECT_TRUE(is(response.error(), ClientError::kUnreachable));
  EXPECT_THAT(response.error().text, HasSubstr("http://127.0.0.1:"));
}

TEST(HttpClient, PatienceWaitsForAServerThatIsStarting) {
  const auto answer = [](const FakeRequest&, FakeSocket& socket) {
    socket.write(http_reply(200, "up"));
    return true;
  };
  std::optional<FakeServer> server(std::in_place, answer);
  const std::uint16_t port = server->port();
  HttpClient client = client_of(*server, {.patience = Duration::seconds(10)});
  server.reset();
  std::thread starter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    server.emplace(answer, nullptr, port);
  });
  EXPECT_EQ(get(client).body, "up");
  starter.join();
}

TEST(HttpClient, AServerThatSaysNothingTimesOut) {
  FakeServer server([](const FakeRequest&, FakeSocket& socket) {
    socket.read(1);  // until the client leaves
    return false;
  });
  HttpClient client = client_of(server, {.request_timeout = Duration::milliseconds(100)});
  const auto response = client.send({});
  ASSERT_FALSE(response);
  EXPECT_TRUE(is(response.error(), ClientError::kTimeout)) << response.error().text;
}

TEST(HttpClient, AnAnswerCutShortIsABrokenConnection) {
  for (const std::string answer :
       {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"}) {
    FakeServer server([&](const FakeRequest&, FakeSocket& socket) {
      socket.write(answer);
      return false;
    });
    HttpClient client = client_of(server);
    const auto response = client.send({});
    ASSERT_FALSE(response) << answer;
    EXPECT_TRUE(is(response.error(), ClientError::kBroken)) << response.error().text;
  }
}

TEST(HttpClient, WhatIsNotHttpIsMalformed) {
  FakeServer server([](const FakeRequest&, FakeSocket& socket) {
    socket.write("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    return false;
  });
  HttpClient client = client_of(server);
  EXPECT_TRUE(is(client.send({}).error(), ClientError::kMalformed));
}

TEST(HttpClient, AnAnswerLargerThanAllowedIsRefused) {
  FakeServer server([](const FakeRequest&, FakeSocket& socket) {
    socket.write(http_reply(200, std::string(2000, 'x')));
    return false;
  });
  HttpClient client = client_of(server, {.response_bytes_max = 1000});
  EXPECT_TRUE(is(client.send({}).error(), ClientError::kMalformed));
}

TEST(HttpClient, RefusesUrlsThatItCannotMean) {
  for (const char* url :
       {"", "127.0.0.1:26657", "ftp://host", "http://", "http://host:0", "http://host:70000",
        "http://user:hunter2@host", "http://host/?q=1", "http://host/#x", "http:// host"}) {
    const auto client = HttpClient::make(url);
    ASSERT_FALSE(client) << url;
    EXPECT_TRUE(is(client.error(), ClientError::kInvalidUrl)) << url;
    EXPECT_THAT(client.error().text, testing::Not(HasSubstr("hunter2")));
  }
  for (const char* url :
       {"http://host", "https://host/rpc", "tcp://127.0.0.1:26657", "http://[::1]:80"})
    EXPECT_TRUE(HttpClient::make(url)) << url;
}

// A certificate that is its own authority, for one host name.
class Certificate {
 public:
  explicit Certificate(const std::string& host) {
    key_ = EVP_EC_gen("P-256");
    certificate_ = X509_new();
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    X509_NAME* const name = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate_, name);
    add_extension(NID_subject_alt_name, "DNS:" + host);
    add_extension(NID_basic_constraints, "critical,CA:TRUE");
    TP_ASSERT(X509_sign(certificate_, key_, EVP_sha256()) > 0);
    context_ = SSL_CTX_new(TLS_server_method());
    TP_ASSERT(SSL_CTX_use_certificate(context_, certificate_) == 1 &&
              SSL_CTX_use_PrivateKey(context_, key_) == 1);
    file_ = (std::filesystem::temp_directory_path() / "authority-XXXXXX").string();
    const int fd = ::mkstemp(file_.data());
    FILE* const out = ::fdopen(fd, "w");
    PEM_write_X509(out, certificate_);
    std::fclose(out);
  }
  ~Certificate() {
    std::filesystem::remove(file_);
    SSL_CTX_free(context_);
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  SSL_CTX* server() { return context_; }
  const std::string& file() const { return file_; }

 private:
  void add_extension(int id, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
    TP_ASSERT(X509_add_ext(certificate_, extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }

  EVP_PKEY* key_;
  X509* certificate_;
  SSL_CTX* context_;
  std::string file_;
};

bool answer_ok(const FakeRequest&, FakeSocket& socket) {
  socket.write(http_reply(200, "ok"));
  return true;
}

TEST(HttpClientTls, TalksToAServerWhoseAuthorityItTrusts) {
  Certificate certificate("localhost");
  FakeServer server(answer_ok, certificate.server());
  HttpClient client = client_of(server, {.tls_ca_file = certificate.file()});
  EXPECT_EQ(get(client).body, "ok");
  EXPECT_EQ(get(client).body, "ok");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClientTls, RefusesAnAuthorityThatItDoesNotKnow) {
  Certificate certificate("localhost");
  FakeServer server(answer_ok, certificate.server());
  HttpClient client = client_of(server);
  const auto response = client.send({});
  ASSERT_FALSE(response);
  EXPECT_TRUE(is(response.error(), ClientError::kUnreachable));
  EXPECT_THAT(response.error().text, HasSubstr("certificate verify failed"));
}

TEST(HttpClientTls, RefusesACertificateForAnotherHost) {
  Certificate certificate("other.example");
  FakeServer server(answer_ok, certificate.server());
  HttpClient client = client_of(server, {.tls_ca_file = certificate.file()});
  const auto response = client.send({});
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().text, HasSubstr("certificate verify failed"));
}

TEST(HttpClientTls, NamesAnUnreadableAuthorityFile) {
  const auto client = HttpClient::make("https://localhost", {.tls_ca_file = "/nowhere/ca.pem"});
  ASSERT_FALSE(client);
  EXPECT_THAT(client.error().text, HasSubstr("/nowhere/ca.pem"));
}

}  // namespace
}  // namespace tp::client
