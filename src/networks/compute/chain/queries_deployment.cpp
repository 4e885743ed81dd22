// akash.deployment.v1beta4.Query.
#include "akash/deployment/v1beta4/query.pb.h"
#include "networks/compute/chain/listing.h"
#include "networks/compute/chain/views.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

namespace query = ::akash::deployment::v1beta4;
using chain::QueryContext;
using chain::QueryError;
using WireDeployment = ::akash::deployment::v1::Deployment;

std::vector<Segment<DeploymentId>> plan(Queries queries, const QueryContext& context,
                                        const ListFilter& filter, StateMask states) {
  constexpr StateMask kActive = mask_of(DeploymentState::kActive);
  if (states == kActive) return {{active_deployments(queries, context, filter), states}};
  if (filter.owner) return {{all_deployments(context, filter), states}};
  std::vector<Segment<DeploymentId>> segments;
  if ((states & kActive) != 0)
    segments.push_back({active_deployments(queries, context, filter), kActive});
  segments.push_back({all_deployments(context, filter), states & ~kActive});
  return segments;
}

Result<query::QueryDeploymentsResponse> list(Queries queries, const QueryContext& context,
                                             const query::QueryDeploymentsRequest& request) {
  const Core& core = queries.core;
  TRY(const ListFilter filter, read_filter(core, request.filters()));
  constexpr StateMask kAll = mask_of(DeploymentState::kActive) | mask_of(DeploymentState::kClosed);
  TRY(const StateMask states,
      states_asked(request.pagination(), filter.state, kAll, [](const std::string& name) {
        WireDeployment::State state{};
        return WireDeployment::State_Parse(name, &state) ? static_cast<int>(state) : 0;
      }));
  query::QueryDeploymentsResponse response;
  const auto take = [&](const DeploymentId& id, StateMask admitted, bool wanted) -> Result<bool> {
    if (!filter.admits(id)) return false;
    TRY(const std::optional<Deployment> deployment, kDeployments.find(context.state, id));
    if (!deployment || !holds(admitted, deployment->state)) return false;
    if (wanted) TRY_TO(*response.add_deployments(), answer(core, context.state, id, *deployment));
    return true;
  };
  TRY_TO(*response.mutable_pagination(),
         fill_page(request.pagination(), states, plan(queries, context, filter, states), take));
  return response;
}

}  // namespace

Result<query::QueryDeploymentResponse> answer(const Core& core, const store::Reader& state,
                                              const DeploymentId& id,
                                              const Deployment& deployment) {
  query::QueryDeploymentResponse out;
  views::write(core, id, deployment, *out.mutable_deployment());
  TRY_VOID(kGroups.scan(state, std::tie(id),
                        [&](const GroupId& group_id, const Group& group) -> Result<store::Step> {
                          views::write(core, group_id, group, *out.add_groups());
                          return store::Step::kGoOn;
                        }));
  TRY(const escrow::Account account, core.escrow.get(state, deployment.escrow));
  views::write_account(core, id, account, *out.mutable_escrow_account());
  return out;
}

void add_deployment_queries(Queries queries, chain::QueryRouter& router) {
  const std::string service = "/akash.deployment.v1beta4.Query/";
  router.add<query::QueryDeploymentsRequest, query::QueryDeploymentsResponse>(
      service + "Deployments",
      [queries](const QueryContext& context, const query::QueryDeploymentsRequest& request) {
        return list(queries, context, request);
      });
  router.add_leaving<query::QueryDeploymentRequest, query::QueryDeploymentResponse>(
      std::string(kDeploymentQuery),
      [queries](const QueryContext& context, const query::QueryDeploymentRequest& request)
          -> Result<query::QueryDeploymentResponse> {
        TRY(const DeploymentId id, query_id<DeploymentId>(queries.core, request.id()));
        TRY(const std::optional<Deployment> deployment, kDeployments.find(context.state, id));
        if (!deployment) return fail(QueryError::kNotFound, "Deployment not found");
        return answer(queries.core, context.state, id, *deployment);
      },
      [queries](const query::QueryDeploymentRequest& request) {
        return xid_asked<DeploymentId>(queries.core, request);
      });
  router.add<query::QueryGroupRequest, query::QueryGroupResponse>(
      service + "Group",
      [queries](const QueryContext& context,
                const query::QueryGroupRequest& request) -> Result<query::QueryGroupResponse> {
        TRY(const GroupId id, query_id<GroupId>(queries.core, request.id()));
        TRY(const std::optional<Group> group, kGroups.find(context.state, id));
        if (!group) return fail(QueryError::kNotFound, "Group not found");
        query::QueryGroupResponse response;
        views::write(queries.core, id, *group, *response.mutable_group());
        return response;
      });
  router.add<query::QueryParamsRequest, query::QueryParamsResponse>(
      service + "Params",
      [queries](const QueryContext& context,
                const query::QueryParamsRequest&) -> Result<query::QueryParamsResponse> {
        TRY(const NetworkInfo network, default_network(queries.core, context.state));
        query::QueryParamsResponse response;
        wire::write_coins(network.params.deployment_deposits_min,
                          *response.mutable_params()->mutable_min_deposits());
        return response;
      });
}

}  // namespace tp::compute
