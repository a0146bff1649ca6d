// Whether this caller may use this route.
#include "kernel/policy/pipeline.hpp"
#include "kernel/policy/remember.hpp"

namespace kernel::policy {

using loader::Access;
using portico::Problem;

bool may_use(Access access, const Principal& principal) {
  switch (access) {
    case Access::anyone:
      return true;
    case Access::signed_in:
      return !principal.user_id.empty();
    case Access::staff:
      return principal.has_role("admin") || principal.has_role("staff");
    case Access::admin:
      return principal.has_role("admin");
  }
  return false;
}

Verdict authorize(Call& call, MayBlock) {
  const auto& principal = *call.principal;
  const auto access = call.route->spec.access;
  if (access == Access::anyone) return Verdict::pass;
  if (principal.user_id.empty()) throw Problem(401, "auth.required");
  if (may_use(access, principal)) return Verdict::pass;
  throw Problem(404, "request.no_such_route",
                "role missing");  // who may not use it does not learn that it exists
}

}  // namespace kernel::policy
