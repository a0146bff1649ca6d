// portico.routes/1: draft routes of a plugin that is starting.
#include <portico/contract.hpp>

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/registering.hpp"
#include "kernel/policy/idempotency.hpp"
#include "kernel/policy/route_tree.hpp"

namespace kernel::extensions {

namespace {

using portico::Problem;

constexpr std::uint32_t kKnownFlags = PORTICO_ROUTE_SECRET | PORTICO_ROUTE_NOT_AUDITED |
                                      PORTICO_ROUTE_STREAMED_BODY | PORTICO_ROUTE_IDEMPOTENCY_KEY;

[[noreturn]] void refuse(const std::string& route, const std::string& why) {
  throw Problem(422, "plugin.route_invalid", route + ": " + why);
}

loader::RouteSpec read(const loader::Plugin& plugin, const config::Settings& settings,
                       const portico_route& raw) {
  loader::RouteSpec spec;
  spec.method = text_of(raw.method);
  spec.pattern = text_of(raw.pattern);
  const auto name = spec.method + " " + spec.pattern;
  if (spec.method != "GET" && spec.method != "POST" && spec.method != "PUT" && spec.method != "PATCH" &&
      spec.method != "DELETE")
    refuse(name, "the method is not GET, POST, PUT, PATCH or DELETE");
  if (!plugin.manifest.may_register_path(spec.pattern, plugin.manifest.routes))
    not_in_manifest(name, "routes");
  if (!policy::RouteTree<int>().insert(spec.pattern)) refuse(name, "the pattern is malformed");
  if (raw.access > PORTICO_ACCESS_ADMIN) refuse(name, "unknown access");
  if (raw.csrf > PORTICO_CSRF_OPEN) refuse(name, "unknown csrf");
  if (raw.cache_scope > PORTICO_CACHE_SHARED) refuse(name, "unknown cache scope");
  if (!raw.handler) refuse(name, "no handler");
  spec.access = static_cast<loader::Access>(raw.access);
  spec.csrf = static_cast<loader::Csrf>(raw.csrf);
  spec.cache = static_cast<loader::CacheScope>(raw.cache_scope);
  spec.secret = raw.flags & PORTICO_ROUTE_SECRET;
  spec.audited = !(raw.flags & PORTICO_ROUTE_NOT_AUDITED);
  spec.streamed_body = raw.flags & PORTICO_ROUTE_STREAMED_BODY;
  spec.needs_idempotency_key = raw.flags & PORTICO_ROUTE_IDEMPOTENCY_KEY;
  if (raw.flags & ~kKnownFlags) refuse(name, "unknown flags");
  if (spec.streamed_body && spec.method == "GET") refuse(name, "a GET has no body to be streamed");
  if (spec.needs_idempotency_key && !policy::takes_idempotency_key(spec))
    refuse(name,
           "idempotency keys are for POST, PATCH and DELETE of signed-in users, neither secret nor streamed");
  if (spec.cache != loader::CacheScope::none && (spec.method != "GET" || spec.secret))
    refuse(name, "only GET routes without secrets are cached");
  if (spec.cache == loader::CacheScope::user && spec.access == loader::Access::anyone)
    refuse(name, "a user's cache needs a signed-in user");
  spec.lane = text_of(raw.lane);
  if (!spec.lane.empty() && !plugin.manifest.lanes.count(spec.lane))
    not_in_manifest("lane " + spec.lane, "lanes");
  spec.rate_class = text_of(raw.rate_class);
  if (!spec.rate_class.empty() && !settings.rates.count(spec.rate_class))
    refuse(name, "no rate class '" + spec.rate_class + "' in the host's config");
  spec.summary = text_of(raw.summary);
  spec.body_limit = raw.body_limit;
  spec.deadline = std::chrono::milliseconds(raw.deadline_ms);
  spec.fresh = std::chrono::milliseconds(raw.cache_fresh_ms);
  spec.revalidate = std::chrono::milliseconds(raw.cache_revalidate_ms);
  spec.stale = std::chrono::milliseconds(raw.cache_stale_ms);
  if (raw.cache_tags.size) {
    const auto tags = portico::parse_json(portico::view(raw.cache_tags));
    for (const auto& tag : tags.as_array()) spec.tags.emplace_back(tag.as_string());
  }
  if (raw.schemas.size) spec.schemas = portico::parse_json(portico::view(raw.schemas)).as_object();
  spec.handler = raw.handler;
  spec.user = raw.user;
  return spec;
}

portico_status add(const portico_host* host, const portico_route* raw, portico_error* error) {
  return guard(error, [&] {
    auto& plugin = plugin_of(host);
    require_starting(plugin);
    if (raw->size < sizeof(portico_route)) refuse("route", "the struct is too small");
    plugin.registrations.routes.push_back(read(plugin, services_of(host).settings, *raw));
  });
}

}  // namespace

const portico_routes kRoutes{sizeof(portico_routes), 0, &add};

}  // namespace kernel::extensions
