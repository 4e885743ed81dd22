// ctnetlink (linux/netfilter/nfnetlink_conntrack.h): a dump of the table, and a request for each
// entry that goes.
#include "networks/compute/agent/workload/flows.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;  // a part of a dump is smaller
constexpr int kDumpsMax = 10;                     // the table may change under one

std::unexpected<Error> failed(int error) {
  const bool missing = error == EPROTONOSUPPORT || error == EOPNOTSUPP || error == EINVAL;
  return fail(missing ? WorkloadError::kUnsupported : WorkloadError::kProgramFailed,
              std::string("connection tracking (nf_conntrack_netlink): ") + std::strerror(error));
}

template <class T>
T read_as(std::string_view bytes) {
  T out{};
  std::memcpy(&out, bytes.data(), std::min(sizeof out, bytes.size()));
  return out;
}

// The attribute of this kind in a row of them, without its header.
std::optional<std::string_view> attribute(std::string_view row, int kind) {
  while (row.size() >= NLA_HDRLEN) {
    const auto header = read_as<nlattr>(row);
    if (header.nla_len < NLA_HDRLEN || header.nla_len > row.size()) break;
    if ((header.nla_type & NLA_TYPE_MASK) == kind)
      return row.substr(NLA_HDRLEN, header.nla_len - NLA_HDRLEN);
    row.remove_prefix(std::min<std::size_t>(NLA_ALIGN(header.nla_len), row.size()));
  }
  return std::nullopt;
}

std::string_view part(std::string_view row, int kind) {
  return attribute(row, kind).value_or(std::string_view());
}

void append(std::string& out, int kind, std::string_view value, bool nested) {
  const nlattr header{.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + value.size()),
                      .nla_type = static_cast<std::uint16_t>(kind | (nested ? NLA_F_NESTED : 0))};
  out.append(reinterpret_cast<const char*>(&header), sizeof header);
  out += value;
  out.resize(NLA_ALIGN(out.size()), '\0');
}

Ipv4 address_in(std::string_view tuple, int kind) {
  return {ntohl(read_as<std::uint32_t>(part(part(tuple, CTA_TUPLE_IP), kind)))};
}

Flow flow_of(std::string_view entry) {
  const std::string_view asked = part(entry, CTA_TUPLE_ORIG);
  const std::string_view protocol = part(asked, CTA_TUPLE_PROTO);
  return {.protocol = read_as<std::uint8_t>(part(protocol, CTA_PROTO_NUM)),
          .from = address_in(asked, CTA_IP_V4_SRC),
          .to = address_in(asked, CTA_IP_V4_DST),
          .to_port = ntohs(read_as<std::uint16_t>(part(protocol, CTA_PROTO_DST_PORT))),
          .answered_by = address_in(part(entry, CTA_TUPLE_REPLY), CTA_IP_V4_SRC)};
}

// What names one entry to the kernel: also which of several lives of the same flow.
std::string name_of(std::string_view entry) {
  std::string out;
  append(out, CTA_TUPLE_ORIG, part(entry, CTA_TUPLE_ORIG), true);
  for (const int kind : {CTA_ZONE, CTA_ID})
    if (const auto value = attribute(entry, kind)) append(out, kind, *value, false);
  return out;
}

class Socket {
 public:
  Socket() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool ask(int what, int flags, std::string_view attributes) const {
    struct {
      nlmsghdr message;
      nfgenmsg family;
    } head{};
    head.message = {.nlmsg_len = static_cast<std::uint32_t>(sizeof head + attributes.size()),
                    .nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | what),
                    .nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags),
                    .nlmsg_seq = 0,
                    .nlmsg_pid = 0};
    head.family = {.nfgen_family = AF_INET, .version = NFNETLINK_V0, .res_id = 0};
    std::string out(reinterpret_cast<const char*>(&head), sizeof head);
    out += attributes;
    return ::send(fd_, out.data(), out.size(), 0) == std::ssize(out);
  }

  // Calls `visit` with header and body of each message until one says that it was the last.
  // Returns 0 or an errno.
  int answers(FunctionRef<void(const nlmsghdr&, std::string_view)> visit) {
    while (true) {
      const ssize_t size = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return size == 0 ? EPIPE : errno;
      std::string_view rest(buffer_.data(), static_cast<std::size_t>(size));
      while (rest.size() >= sizeof(nlmsghdr)) {
        const auto header = read_as<nlmsghdr>(rest);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) return EBADMSG;
        const std::string_view body = rest.substr(sizeof header, header.nlmsg_len - sizeof header);
        // Both begin with an error number, which is 0 when all is well.
        if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR)
          return -read_as<std::int32_t>(body);
        visit(header, body);
        rest.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), rest.size()));
      }
    }
  }

 private:
  int fd_;
  std::vector<char> buffer_ = std::vector<char>(kBufferBytes);
};

}  // namespace

Result<void> KernelFlows::forget(FunctionRef<bool(const Flow&)> which) {
  Socket socket;
  for (int i = 0; i < kDumpsMax; ++i) {
    std::vector<std::string> chosen;
    bool whole = true;
    if (!socket.ask(IPCTNL_MSG_CT_GET, NLM_F_DUMP, {})) return failed(errno);
    const int read = socket.answers([&](const nlmsghdr& header, std::string_view body) {
      if (header.nlmsg_flags & NLM_F_DUMP_INTR) whole = false;
      if (body.size() < sizeof(nfgenmsg)) return;
      const std::string_view entry = body.substr(NLMSG_ALIGN(sizeof(nfgenmsg)));
      if (which(flow_of(entry))) chosen.push_back(name_of(entry));
    });
    if (read != 0) return failed(read);
    for (const std::string& name : chosen) {
      if (!socket.ask(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, name)) return failed(errno);
      const int removed = socket.answers([](const nlmsghdr&, std::string_view) {});
      if (removed != 0 && removed != ENOENT) return failed(removed);  // it has ended by itself
    }
    if (whole) return {};
  }
  return fail(WorkloadError::kProgramFailed, "connection tracking: its table changes too fast");
}

}  // namespace tp::compute::workload
