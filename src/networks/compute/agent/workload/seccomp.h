// Which system calls a container may make: everything that ordinary servers use, nothing that
// reaches past the sandbox (mounts, namespaces, kernel modules, clocks, tracing of others, raw
// devices).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace tp::compute::workload {

// Allowed whatever their arguments; what is not listed anywhere here fails with EPERM.
std::span<const std::string_view> allowed_system_calls();

// socket(2) of these families only: local, IPv4, IPv6, netlink.
inline constexpr std::array<std::uint64_t, 4> kAllowedSocketFamilies{1, 2, 10, 16};
// personality(2) with these values only: Linux, 32-bit, short inodes, both, and the question (-1).
inline constexpr std::array<std::uint64_t, 5> kAllowedPersonalities{0x0, 0x8, 0x20000, 0x20008,
                                                                    0xffffffff};
// clone(2) with none of the CLONE_NEW* flags. clone3(2) hides its flags in memory, where a filter
// cannot look: it answers ENOSYS, and C libraries go back to clone.
inline constexpr std::uint64_t kNamespaceFlags = 0x7e020000;

}  // namespace tp::compute::workload
