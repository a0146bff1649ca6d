// Turns what the active plugins registered into one snapshot; all of it becomes visible together.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel/config/settings.hpp"
#include "kernel/policy/published.hpp"

namespace kernel::policy {

inline constexpr std::string_view kPagesPath = "/api/pages";

/// A route of the host itself.
struct BuiltinRoute {
  std::string method, path, summary;
  loader::Access access = loader::Access::anyone;
  std::function<front::Response(Call&)> answer;
  bool blocks = false;            // runs on the host's own workers, else on the reactor
  boost::json::object schemas{};  // as in a RouteSpec; empty: some object
};

/// errors    500 plugin.route_taken (two plugins, one method and path), plugin.identity_taken,
/// plugin.shell_taken,
///           plugin.web_invalid
std::shared_ptr<const Published> build_published(const std::vector<loader::PluginPtr>& plugins,
                                                 const std::vector<BuiltinRoute>& builtins,
                                                 const config::Settings& settings);

/// The OpenAPI 3.1 document of these routes. errors: 500 plugin.schema_conflict
std::string build_api_document(const std::vector<const Route*>& routes, const config::Settings& settings);

}  // namespace kernel::policy
