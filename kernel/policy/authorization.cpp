// Whether this caller may use this route.
#include "kernel/policy/pipeline.hpp"

namespace kernel::policy {

using loader::Access;
using portico::Problem;

Verdict authorize(Call& call, MayBlock) {
  const auto& principal = *call.principal;
  const auto access = call.route->spec.access;
  if (access == Access::anyone) return Verdict::pass;
  if (principal.user_id.empty()) throw Problem(401, "auth.required");
  const bool admin = principal.has_role("admin");
  switch (access) {
    case Access::anyone:
    case Access::signed_in:
      return Verdict::pass;
    case Access::staff:
      if (admin || principal.has_role("staff")) return Verdict::pass;
      break;
    case Access::admin:
      if (admin) return Verdict::pass;
      break;
  }
  throw Problem(404, "request.no_such_route",
                "role missing");  // who may not use it does not learn that it exists
}

}  // namespace kernel::policy
