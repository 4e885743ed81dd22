#include "networks/compute/agent/workload/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {
namespace {

const char* name_of(Protocol protocol) {
  return protocol == Protocol::kTcp ? "tcp" : "udp";
}

}  // namespace

PortHolder::PortHolder(std::vector<std::string> addresses, std::uint16_t first, std::uint16_t last)
    : addresses_(std::move(addresses)), first_(first), last_(last) {}

PortHolder::~PortHolder() {
  for (const auto& [port, sockets] : held_)
    for (const int fd : sockets) ::close(fd);
}

Result<std::vector<int>> PortHolder::bind_all(Protocol protocol, std::uint16_t port) const {
  std::vector<int> out;
  for (const std::string& text : addresses_) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, text.c_str(), &address.sin_addr);
    const int type = protocol == Protocol::kTcp ? SOCK_STREAM : SOCK_DGRAM;
    const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      out.push_back(fd);
      continue;
    }
    const int error = errno;
    if (fd >= 0) ::close(fd);
    for (const int held : out) ::close(held);
    if (error == EADDRINUSE)
      return fail(WorkloadError::kPortTaken, std::string(name_of(protocol)) + " port " +
                                                 std::to_string(port) +
                                                 " is taken by another program on this machine");
    return fail(WorkloadError::kPortTaken, std::string(name_of(protocol)) + " port " +
                                               std::to_string(port) + " of " + text + ": " +
                                               std::strerror(error));
  }
  return out;
}

Result<std::uint16_t> PortHolder::take(Protocol protocol, std::uint16_t wanted) {
  const std::lock_guard lock(mutex_);
  if (wanted != 0) {
    if (held_.contains({protocol, wanted}))
      return fail(WorkloadError::kPortTaken, std::string(name_of(protocol)) + " port " +
                                                 std::to_string(wanted) +
                                                 " is taken by another lease");
    TRY(const std::vector<int> sockets, bind_all(protocol, wanted));
    held_[{protocol, wanted}] = sockets;
    return wanted;
  }
  static thread_local std::minstd_rand random{std::random_device{}()};
  const std::uint32_t count = static_cast<std::uint32_t>(last_) - first_ + 1;
  const std::uint32_t start = static_cast<std::uint32_t>(random() % count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto port = static_cast<std::uint16_t>(first_ + (start + i) % count);
    if (held_.contains({protocol, port})) continue;
    const auto sockets = bind_all(protocol, port);
    if (!sockets) continue;
    held_[{protocol, port}] = *sockets;
    return port;
  }
  return fail(WorkloadError::kPortTaken, "every port from " + std::to_string(first_) + " to " +
                                             std::to_string(last_) + " of this machine");
}

Result<void> PortHolder::holds(Protocol protocol, std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  if (held_.contains({protocol, port})) return {};
  TRY(const std::vector<int> sockets, bind_all(protocol, port));
  held_[{protocol, port}] = sockets;
  return {};
}

void PortHolder::release(Protocol protocol, std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find({protocol, port});
  if (found == held_.end()) return;
  for (const int fd : found->second) ::close(fd);
  held_.erase(found);
}

}  // namespace tp::compute::workload
