// portico.identity/1: the authenticator, revocation, and cookies named as the address asks for.
#include "kernel/extensions/all.hpp"
#include "kernel/extensions/registering.hpp"
#include "kernel/policy/handler.hpp"
#include "kernel/policy/remember.hpp"

namespace kernel::extensions {

namespace {

using portico::Problem;

portico_status provide(const portico_host* host, portico_str cookie, portico_authenticate_fn fn, void* user,
                       portico_error* error) {
  return guard(error, [&] {
    auto& plugin = plugin_of(host);
    require_starting(plugin);
    if (!plugin.manifest.identity) not_in_manifest("the authenticator", "identity");
    plugin.registrations.identity = {{text_of(cookie), fn, user}};
  });
}

portico_status revoke(const portico_host* host, portico_str session_id) {
  return guard(nullptr, [&] {
    if (!plugin_of(host).manifest.identity) not_in_manifest("revoking", "identity");
    services_of(host).cache.bust(policy::session_tag(portico::view(session_id)));
  });
}

bool cookie_text(std::string_view text) {
  return text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=") ==
         std::string_view::npos;
}

portico_status cookie_header(const portico_host* host, portico_str base, portico_str value, int64_t max_age_s,
                             portico_buffer* out) {
  return guard(nullptr, [&] {
    if (!cookie_text(portico::view(base)) || !cookie_text(portico::view(value)))
      throw Problem(422, "sdk.invalid_argument", "not a cookie value");
    *out = lease_text(
        services_of(host).pipeline.set_cookie(portico::view(base), portico::view(value), max_age_s));
  });
}

portico_status cookie_value(const portico_host* host, portico_handle exchange, portico_str base,
                            portico_str* out) {
  const auto call = policy::exchanges().find(exchange);
  if (!call || call->route->plugin != &plugin_of(host)) return PORTICO_E_STALE;
  const auto value = call->cookie(call->pipeline.cookie_name(portico::view(base)));
  if (!value) return PORTICO_E_NOT_FOUND;
  *out = portico::to_str(*value);
  return PORTICO_OK;
}

}  // namespace

const portico_identity_ext kIdentity{
    sizeof(portico_identity_ext), 0, &provide, &revoke, &cookie_header, &cookie_value};

}  // namespace kernel::extensions
