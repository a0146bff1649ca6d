// Unsafe methods only from our own pages: Origin, Sec-Fetch-Site and a header that no other site can send.
#include "kernel/policy/cross_site.hpp"

#include "kernel/policy/pipeline.hpp"

namespace kernel::policy {

std::optional<std::string_view> cross_site_fault(const loader::RouteSpec& route,
                                                 const front::Headers& headers,
                                                 const std::function<bool(std::string_view)>& is_own_origin) {
  if (route.method == "GET" || route.csrf == loader::Csrf::open) return std::nullopt;
  const auto site = headers.find("sec-fetch-site");
  if (site && *site != "same-origin") return "Sec-Fetch-Site is not same-origin";
  const auto origin = headers.find("origin");
  if (origin && !is_own_origin(*origin)) return "Origin is another site";
  if (route.csrf == loader::Csrf::same_origin) {
    if (!origin && !site) return "neither Origin nor Sec-Fetch-Site";
    return std::nullopt;
  }
  if (!headers.contains("x-portico-csrf")) return "X-Portico-CSRF is missing";
  return std::nullopt;
}

Verdict refuse_cross_site(Call& call, MayBlock) {
  const auto fault = cross_site_fault(call.route->spec, call.request().headers, [&](std::string_view origin) {
    return call.pipeline.is_own_origin(origin);
  });
  if (fault) throw portico::Problem(403, "request.cross_site", std::string(*fault));
  return Verdict::pass;
}

}  // namespace kernel::policy
