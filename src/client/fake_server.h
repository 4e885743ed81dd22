// For tests: a server on this machine that answers as its test says, byte by byte where it matters.
// Plain sockets, so that it shares no code and no misunderstanding with the client under test.
#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "crypto/sha.h"

namespace tp::client {

// One accepted connection, with TLS where the server has a certificate.
class FakeSocket {
 public:
  FakeSocket(int fd, SSL_CTX* tls) : fd_(fd) {
    if (tls == nullptr) return;
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, fd);
    good_ = SSL_accept(ssl_) == 1;
  }
  ~FakeSocket() { SSL_free(ssl_); }
  FakeSocket(const FakeSocket&) = delete;
  FakeSocket& operator=(const FakeSocket&) = delete;

  // Exactly `size` bytes, fewer at the end of the stream.
  std::string read(std::size_t size) {
    std::string out(size, '\0');
    std::size_t got = 0;
    while (good_ && got < size) {
      const auto n = ssl_ != nullptr
                         ? SSL_read(ssl_, out.data() + got, static_cast<int>(size - got))
                         : ::recv(fd_, out.data() + got, size - got, 0);
      if (n <= 0) good_ = false;
      if (n > 0) got += static_cast<std::size_t>(n);
    }
    out.resize(got);
    return out;
  }
  std::string read_until(std::string_view end) {
    std::string out;
    while (good_ && !out.ends_with(end)) out += read(1);
    return out;
  }
  void write(std::string_view bytes) {
    while (good_ && !bytes.empty()) {
      const auto n = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                     : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) good_ = false;
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  bool good() const { return good_; }

  // RFC 6455 frames of less than 64 KiB.
  void write_text_frame(std::string_view text) {
    std::string frame = "\x81";
    if (text.size() < 126) {
      frame.push_back(static_cast<char>(text.size()));
    } else {
      frame.push_back(126);
      frame.push_back(static_cast<char>(text.size() >> 8));
      frame.push_back(static_cast<char>(text.size()));
    }
    write(frame.append(text));
  }
  std::string read_text_frame() {
    const std::string head = read(2);
    if (head.size() < 2) return {};
    std::size_t size = head[1] & 0x7f;
    if (size == 126) {
      const std::string more = read(2);
      size = static_cast<std::uint8_t>(more[0]) * 256u + static_cast<std::uint8_t>(more[1]);
    }
    const std::string mask = read(4);
    std::string text = read(size);
    for (std::size_t i = 0; i < text.size(); ++i)
      text[i] = static_cast<char>(text[i] ^ mask[i % 4]);
    return text;
  }

 private:
  int fd_;
  SSL* ssl_ = nullptr;
  bool good_ = true;
};

struct FakeRequest {
  std::string head;  // request line and headers
  std::string body;

  std::string line() const { return head.substr(0, head.find("\r\n")); }
  std::string header(std::string_view name) const {
    const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const std::size_t start = at + name.size() + 4;
    return head.substr(start, head.find("\r\n", start) - start);
  }
};

inline std::string http_reply(int status, std::string_view body, std::string_view headers = {}) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

inline std::string websocket_reply(const FakeRequest& request) {
  const std::string key =
      request.header("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         to_base64(crypto::sha1(key).view()) + "\r\n\r\n";
}

class FakeServer {
 public:
  // Called for each request, on a thread of its connection; returns whether to keep the connection.
  using Handler = std::function<bool(const FakeRequest&, FakeSocket&)>;

  // `port` 0 takes a free one.
  explicit FakeServer(Handler handler, SSL_CTX* tls = nullptr, std::uint16_t port = 0)
      : handler_(std::move(handler)), tls_(tls), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    TP_ASSERT(::bind(listener_, generic, size) == 0 && ::listen(listener_, 16) == 0);
    TP_ASSERT(::getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~FakeServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }

  std::uint16_t port() const { return port_; }
  std::string url() const {
    return (tls_ != nullptr ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port_);
  }
  int connections() const { return connections_; }

 private:
  void accept_all() {
    while (true) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      ++connections_;
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    {
      FakeSocket socket(fd, tls_);
      bool keep = true;
      while (keep && socket.good()) {
        FakeRequest request{socket.read_until("\r\n\r\n"), {}};
        if (!socket.good()) break;
        const std::string length = request.header("Content-Length");
        if (!length.empty()) request.body = socket.read(std::stoul(length));
        keep = handler_(request, socket);
      }
    }
    const std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    ::close(fd);
  }

  Handler handler_;
  SSL_CTX* tls_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace tp::client
