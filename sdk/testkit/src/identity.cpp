// portico.identity/1: the plugin's authenticator, and cookies under their base names.
#include <fmt/format.h>

#include "state.hpp"

namespace portico::testkit {

namespace {

portico_status provide(const portico_host* host, portico_str cookie, portico_authenticate_fn fn, void* user,
                       portico_error* error) {
  return registering_call(host, "identity.provide", error, [&](State& s) {
    if (!s.manifest.anything && !s.manifest.identity) s.not_in_manifest("the authenticator", "identity");
    s.authenticator = {fn, user};
    s.registered.authenticator = text_of(cookie);
  });
}

portico_status revoke(const portico_host* host, portico_str session_id) {
  return host_call(host, {"identity.revoke", kAnywhere}, nullptr, [&](State& s) {
    if (!s.manifest.anything && !s.manifest.identity) s.not_in_manifest("revoking", "identity");
    const std::lock_guard lock(s.mutex);
    s.revoked.push_back(text_of(session_id));
  });
}

bool cookie_text(std::string_view text) {
  return text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=") ==
         std::string_view::npos;
}

portico_status cookie_header(const portico_host* host, portico_str name, portico_str value,
                             std::int64_t max_age_s, portico_buffer* out) {
  return host_call(host, {"identity.cookie_header", kAnywhere}, nullptr, [&](State& s) {
    if (!cookie_text(view(name)) || !cookie_text(view(value)))
      throw Problem(422, "sdk.invalid_argument", "not a cookie value");
    *out = s.lease_text(
        fmt::format("{}={}; Max-Age={}; HttpOnly; SameSite=Lax; Path=/", view(name), view(value), max_age_s),
        "identity.cookie_header");
  });
}

portico_status cookie_value(const portico_host* host, portico_handle handle, portico_str name,
                            portico_str* out) {
  return host_call(host, {"identity.cookie_value", kRequest}, nullptr, [&](State& s) -> portico_status {
    const std::lock_guard lock(s.mutex);
    const auto exchange = s.exchanges.find(handle);
    if (!exchange || exchange->reply) {
      s.faults.emplace_back("identity.cookie_value was given the handle of an exchange that has ended");
      return PORTICO_E_STALE;
    }
    const auto it = exchange->cookies.find(text_of(name));
    if (it == exchange->cookies.end()) return PORTICO_E_NOT_FOUND;
    *out = to_str(it->second);
    return PORTICO_OK;
  });
}

}  // namespace

const portico_identity_ext kIdentity{
    sizeof(portico_identity_ext), 0, provide, revoke, cookie_header, cookie_value};

}  // namespace portico::testkit
