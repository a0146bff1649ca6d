// Unsafe methods only from our own pages: Origin, Sec-Fetch-Site and a header that no other site can send.
#include "kernel/policy/pipeline.hpp"

namespace kernel::policy {

using portico::Problem;

Verdict refuse_cross_site(Call& call, MayBlock) {
  const auto& spec = call.route->spec;
  if (spec.method == "GET" || spec.csrf == loader::Csrf::open) return Verdict::pass;
  const auto& headers = call.request().headers;
  const auto refuse = [](const char* why) -> Verdict { throw Problem(403, "request.cross_site", why); };
  const auto site = headers.find("sec-fetch-site");
  if (site && *site != "same-origin") return refuse("Sec-Fetch-Site is not same-origin");
  const auto origin = headers.find("origin");
  if (origin && !call.pipeline.is_own_origin(*origin)) return refuse("Origin is another site");
  if (spec.csrf == loader::Csrf::same_origin) {
    if (!origin && !site) return refuse("neither Origin nor Sec-Fetch-Site");
    return Verdict::pass;
  }
  if (!headers.contains("x-portico-csrf")) return refuse("X-Portico-CSRF is missing");
  return Verdict::pass;
}

}  // namespace kernel::policy
