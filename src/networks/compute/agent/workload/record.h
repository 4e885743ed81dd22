// One lease as the journal keeps it: what is wanted, and what was decided for it once and must stay
// (its network, its ports, the images' digests), so that everything can be made again after a
// reboot.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "networks/compute/agent/workload/kernel.h"
#include "networks/compute/agent/workload/spec.h"

namespace tp::compute::workload {

struct AssignedPort {
  std::string service{};
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;           // inside the container
  std::uint16_t external_port = 0;  // of the service
  std::uint16_t machine_port = 0;

  bool operator==(const AssignedPort&) const = default;
};

struct Record {
  LeaseWorkload workload{};
  std::uint32_t slot = 0;                            // network and user ids
  bool stopping = false;                             // nothing of it is wanted any more
  std::map<std::string, std::string> digests{};      // image of each service, once pulled
  std::map<std::string, std::uint32_t> addresses{};  // "web.0" -> last part of its address
  std::vector<AssignedPort> ports{};

  bool operator==(const Record&) const = default;
};

std::string to_json(const Record& record);
Result<Record> record_from_json(const std::string& text);  // Errors: kCorrupted.

// `known` with what the lease's thread found out while it worked on `found`, which may be older:
// the digests of images that are still wanted.
Record with_digests(Record known, const Record& found);

// "7-<32 hex digits>": the deployment's number, for people, and 128 bits of a hash of the whole
// lease key. It names the lease's data, groups and containers, so that a customer who could find a
// key with the id of another's would be given that one's volumes: fewer bits can be searched
// through.
std::string lease_id(const LeaseKey& key);
// The id that versions before the first release gave: 32 bits of hash, and all sequence numbers.
std::string lease_id_of_old(const LeaseKey& key);
// Refuses `key` when another of `known` has the same id. Errors: kAlreadyExists.
Result<void> check_id_is_free(const LeaseKey& key, const std::vector<LeaseKey>& known,
                              std::string (*id_of)(const LeaseKey&) = lease_id);
// Gives what lies in `directory` (<data>/leases) under ids of old those of now, for all leases of
// the journal. Nothing is touched when two of them share an old id, or when one has data under
// both: whose it is, only the operator can say. Durable when it returns. Errors: kCorrupted.
Result<void> rename_data_of_old(Disk& disk, const std::string& directory,
                                const std::vector<LeaseKey>& keys);
std::string replica_name(const std::string& service, std::uint32_t index);  // "web.0"
// Under which the container runs: "7-<32 hex digits>.web.0". A long service name is cut and hashed,
// because socket paths are short.
std::string container_id(const LeaseKey& key, const std::string& service, std::uint32_t index);
// The part of a container's id that is its lease's.
std::string lease_part(const std::string& container_id);
// The container's control group below that of the provider: "7-<hash>/7-<hash>.web.0". The one
// above it is the whole lease's.
std::string group_of(const std::string& container_id);
// The lease's users, far above those of people and daemons: 1,879,048,192 + slot * 65,536.
IdRange ids_of(std::uint32_t slot);
// Changes whenever a running container no longer is what `service` asks for.
std::string fingerprint(const Record& record, const Service& service);

// Gives addresses to new replicas, takes back those of replicas that are gone. Errors: kNoSpace.
Result<void> assign_addresses(Record& record);

// What the lease may write to the machine's disk in all.
std::uint64_t disk_bytes(const LeaseWorkload& workload);
// The writable disk of a container: the sum of its ephemeral volumes without a mount; 64 MiB when
// it has none.
std::uint64_t root_disk_bytes(const Service& service);

}  // namespace tp::compute::workload
