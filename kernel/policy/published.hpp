// What is live: the routes, operations, pages and authenticator of all active plugins, as one immutable
// snapshot.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel/config/settings.hpp"
#include "kernel/front/message.hpp"
#include "kernel/front/static_files.hpp"
#include "kernel/loader/loader.hpp"
#include "kernel/policy/route_metrics.hpp"
#include "kernel/policy/route_tree.hpp"

namespace kernel::policy {

class Call;

/// A route of a plugin, or of the host itself (builtin, which runs on the reactor unless it says that it
/// blocks).
struct Route {
  loader::RouteSpec spec;
  loader::Plugin* plugin = nullptr;
  std::function<front::Response(Call&)> builtin;
  std::string label;                // "GET /api/reports/{id}"
  std::string rate_name, rate_key;  // "public", and "public/600:": another limit counts anew
  config::RateSetting rate;
  std::shared_ptr<RouteMetrics> metrics;  // shared with nobody; mutable beside an immutable route
  bool blocks = false;                    // a builtin that asks the database: on the host's own workers
};

struct Endpoint {
  std::map<std::string, Route, std::less<>> by_method;
  std::string allow;  // "GET, HEAD, POST"
};

struct Operation {
  loader::OperationSpec spec;
  loader::Plugin* plugin = nullptr;
};

struct Identity {
  loader::IdentitySpec spec;
  loader::Plugin* plugin = nullptr;
};

struct Published {
  std::vector<loader::PluginPtr> plugins;  // whose parts these are: they end after the last who sees this
  RouteTree<Endpoint> routes;
  std::map<std::string, Operation, std::less<>> operations;
  Identity identity;  // plugin null: nobody can sign in

  RouteTree<loader::PageSpec> pages;
  const front::StaticFile* shell = nullptr;  // index.html among the assets; null without a shell plugin
  std::string shell_csp;                     // its content-security policy
  std::string pages_document;                // answer of /api/pages
  std::string api_document;                  // answer of /api/openapi.json
  front::StaticFiles assets;                 // mounted at /assets/<plugin>/
};

}  // namespace kernel::policy
