// akash.discovery.v1.Discovery: what Akash's clients ask a node first, to choose the versions of
// the interface that they speak. Rule: specs/compute-market.md §5.
#include "akash/discovery/v1/service.pb.h"
#include "networks/compute/chain/queries.h"

namespace tp::compute {
namespace {

namespace discovery = ::akash::discovery::v1;

// Newest first. The versions of the interface differ in what their clients can do, not in modules.
constexpr std::string_view kApiVersions[] = {"v1beta4", "v1beta3"};

struct ModuleName {
  std::string_view module;
  std::string_view version;
};
// Only what this chain has.
constexpr ModuleName kModules[] = {{"audit", "v1"},
                                   {"deployment", "v1beta4"},
                                   {"escrow", "v1"},
                                   {"market", "v1beta5"},
                                   {"provider", "v1beta4"}};

}  // namespace

void add_discovery_queries(chain::QueryRouter& router) {
  router.add<discovery::GetInfoRequest, discovery::GetInfoResponse>(
      "/akash.discovery.v1.Discovery/GetInfo",
      [](const chain::QueryContext& context,
         const discovery::GetInfoRequest&) -> Result<discovery::GetInfoResponse> {
        discovery::GetInfoResponse response;
        auto& info = *response.mutable_info();
        // For clients that know only one version: the oldest.
        info.mutable_client_info()->set_api_version(std::string(std::end(kApiVersions)[-1]));
        info.set_chain_id(context.params.chain_id);
        for (const std::string_view api : kApiVersions) {
          auto& version = *info.add_supported_versions();
          version.set_api_version(std::string(api));
          for (const ModuleName& name : kModules) {
            auto& module = *version.add_modules();
            module.set_module(std::string(name.module));
            module.set_version(std::string(name.version));
          }
        }
        return response;
      });
}

}  // namespace tp::compute
