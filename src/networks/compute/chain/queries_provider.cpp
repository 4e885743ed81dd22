// akash.provider.v1beta4.Query and akash.audit.v1.Query.
#include "akash/audit/v1/query.pb.h"
#include "akash/provider/v1beta4/query.pb.h"
#include "networks/compute/chain/listing.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

namespace audit = ::akash::audit::v1;
namespace provider = ::akash::provider::v1beta4;
using chain::QueryContext;
using chain::QueryError;
using store::Step;

constexpr StateMask kAny = 1;

template <class Key>
Result<Key> key_at(BytesView position) {
  Key key{};
  if (!position.empty() && (!store::take_key(position, key) || !position.empty()))
    return fail(QueryError::kInvalidArgument, "the page key belongs to another query");
  return key;
}

struct ProviderItem {
  Address owner;
  registry::Provider provider;
};

void write(const Core& core, const Address& owner, const registry::Provider& row,
           provider::Provider& out) {
  out.set_owner(core.accounts.text(owner));
  out.set_host_uri(row.host_uri);
  wire::write_attributes(row.attributes, *out.mutable_attributes());
  out.mutable_info()->set_email(row.email);
  out.mutable_info()->set_website(row.website);
}

Source<ProviderItem> all_providers(const Core& core, const QueryContext& context) {
  return {
      [&core, &context](BytesView position, Source<ProviderItem>::Visitor visit) -> Result<void> {
        TRY(const Address from, key_at<Address>(position));
        return core.registry.scan_providers(
            context.state, from, [&](const Address& owner, const registry::Provider& row) {
              const ProviderItem item{owner, row};
              return visit(&item, owner.bytes());
            });
      }};
}

Result<provider::QueryProvidersResponse> list(Queries queries, const QueryContext& context,
                                              const provider::QueryProvidersRequest& request) {
  provider::QueryProvidersResponse response;
  TRY_TO(*response.mutable_pagination(),
         fill_page(request.pagination(), kAny,
                   std::vector<Segment<ProviderItem>>{{all_providers(queries.core, context), kAny}},
                   [&](const ProviderItem& item, StateMask, bool wanted) -> Result<bool> {
                     if (wanted)
                       write(queries.core, item.owner, item.provider, *response.add_providers());
                     return true;
                   }));
  return response;
}

struct AuditItem {
  registry::AuditKey key;
  registry::Audit audit;
};

void write(const Core& core, const AuditItem& item, audit::AuditedProvider& out) {
  out.set_owner(core.accounts.text(item.key.provider));
  out.set_auditor(core.accounts.text(item.key.auditor));
  wire::write_attributes(item.audit.attributes, *out.mutable_attributes());
}

Source<AuditItem> all_audits(const Core& core, const QueryContext& context) {
  return {[&core, &context](BytesView position, Source<AuditItem>::Visitor visit) -> Result<void> {
    TRY(const registry::AuditKey from, key_at<registry::AuditKey>(position));
    return core.registry.scan_audits(
        context.state, from, [&](const registry::AuditKey& key, const registry::Audit& audit) {
          Bytes at;
          store::append_key(at, key);
          const AuditItem item{key, audit};
          return visit(&item, at);
        });
  }};
}

// Those of one provider: anybody may sign, so that they are many.
Source<AuditItem> audits_about(const Core& core, const QueryContext& context,
                               const Address& provider) {
  return {[&core, &context, provider](BytesView position,
                                      Source<AuditItem>::Visitor visit) -> Result<void> {
    registry::AuditKey from{provider, {}};
    if (!position.empty()) TRY_TO(from, key_at<registry::AuditKey>(position));
    if (from.provider != provider)
      return fail(QueryError::kInvalidArgument, "the page key belongs to another query");
    return core.registry.scan_audits(
        context.state, from,
        [&](const registry::AuditKey& key, const registry::Audit& audit) -> Result<Step> {
          if (key.provider != provider) return Step::kStop;
          Bytes at;
          store::append_key(at, key);
          const AuditItem item{key, audit};
          return visit(&item, at);
        });
  }};
}

// Providers with audits are few thousands at most: of one auditor's, all are looked at.
Result<audit::QueryProvidersResponse> audits(Queries queries, const QueryContext& context,
                                             const chain::PageRequest& page,
                                             const std::optional<Address>& auditor) {
  audit::QueryProvidersResponse response;
  TRY_TO(*response.mutable_pagination(),
         fill_page(page, kAny,
                   std::vector<Segment<AuditItem>>{{all_audits(queries.core, context), kAny}},
                   [&](const AuditItem& item, StateMask, bool wanted) -> Result<bool> {
                     if (auditor && *auditor != item.key.auditor) return false;
                     if (wanted) write(queries.core, item, *response.add_providers());
                     return true;
                   }));
  return response;
}

Result<Address> needed_address(const Core& core, const std::string& text) {
  const auto address = core.accounts.parse(text);
  if (!address) return fail(QueryError::kInvalidArgument, "invalid address");
  return *address;
}

Result<audit::QueryProvidersResponse> found(audit::QueryProvidersResponse response) {
  if (response.providers().empty())
    return fail(QueryError::kNotFound, "invalid provider: address not found");
  return response;
}

Result<audit::QueryProvidersResponse> audits_of(
    Queries queries, const QueryContext& context,
    const audit::QueryProviderAttributesRequest& request) {
  TRY(const Address owner, needed_address(queries.core, request.owner()));
  audit::QueryProvidersResponse response;
  TRY_TO(
      *response.mutable_pagination(),
      fill_page(request.pagination(), kAny,
                std::vector<Segment<AuditItem>>{{audits_about(queries.core, context, owner), kAny}},
                [&](const AuditItem& item, StateMask, bool wanted) -> Result<bool> {
                  if (wanted) write(queries.core, item, *response.add_providers());
                  return true;
                }));
  return found(std::move(response));
}

Result<audit::QueryProvidersResponse> one_audit(Queries queries, const QueryContext& context,
                                                const audit::QueryProviderAuditorRequest& request) {
  TRY(const Address owner, needed_address(queries.core, request.owner()));
  TRY(const Address auditor, needed_address(queries.core, request.auditor()));
  const registry::AuditKey key{owner, auditor};
  TRY(const std::optional<registry::Audit> audit,
      queries.core.registry.find_audit(context.state, key));
  audit::QueryProvidersResponse response;
  if (audit) write(queries.core, {key, *audit}, *response.add_providers());
  return found(std::move(response));
}

}  // namespace

void add_provider_queries(Queries queries, chain::QueryRouter& router) {
  const std::string service = "/akash.provider.v1beta4.Query/";
  router.add<provider::QueryProvidersRequest, provider::QueryProvidersResponse>(
      service + "Providers", [queries](const QueryContext& context, const auto& request) {
        return list(queries, context, request);
      });
  router.add<provider::QueryProviderRequest, provider::QueryProviderResponse>(
      service + "Provider",
      [queries](const QueryContext& context, const provider::QueryProviderRequest& request)
          -> Result<provider::QueryProviderResponse> {
        TRY(const Address owner, needed_address(queries.core, request.owner()));
        TRY(const std::optional<registry::Provider> row,
            queries.core.registry.find_provider(context.state, owner));
        if (!row) return fail(QueryError::kNotFound, "invalid provider: address not found");
        provider::QueryProviderResponse response;
        write(queries.core, owner, *row, *response.mutable_provider());
        return response;
      });
}

void add_audit_queries(Queries queries, chain::QueryRouter& router) {
  const std::string service = "/akash.audit.v1.Query/";
  router.add<audit::QueryAllProvidersAttributesRequest, audit::QueryProvidersResponse>(
      service + "AllProvidersAttributes",
      [queries](const QueryContext& context,
                const audit::QueryAllProvidersAttributesRequest& request) {
        return audits(queries, context, request.pagination(), std::nullopt);
      });
  router.add<audit::QueryProviderAttributesRequest, audit::QueryProvidersResponse>(
      service + "ProviderAttributes", [queries](const QueryContext& context, const auto& request) {
        return audits_of(queries, context, request);
      });
  router.add<audit::QueryProviderAuditorRequest, audit::QueryProvidersResponse>(
      service + "ProviderAuditorAttributes",
      [queries](const QueryContext& context, const auto& request) {
        return one_audit(queries, context, request);
      });
  router.add<audit::QueryAuditorAttributesRequest, audit::QueryProvidersResponse>(
      service + "AuditorAttributes",
      [queries](const QueryContext& context, const audit::QueryAuditorAttributesRequest& request)
          -> Result<audit::QueryProvidersResponse> {
        TRY(const Address auditor, needed_address(queries.core, request.auditor()));
        return audits(queries, context, request.pagination(), auditor);
      });
}

}  // namespace tp::compute
