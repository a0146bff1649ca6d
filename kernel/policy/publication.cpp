// Builds the snapshot: routes, operations, authenticator, pages, assets and the two documents.
#include "kernel/policy/publication.hpp"

#include <fstream>
#include <portico/contract.hpp>
#include <set>
#include <sstream>

namespace kernel::policy {

namespace json = boost::json;
using portico::Problem;

namespace {

void add_route(Published& live, Route route) {
  auto* endpoint = live.routes.insert(route.spec.pattern);
  if (!endpoint) throw Problem(500, "plugin.route_taken", route.label + ": the same path is registered with other parameter names");
  const auto [it, added] = endpoint->by_method.emplace(route.spec.method, std::move(route));
  if (!added) throw Problem(500, "plugin.route_taken", it->second.label + " is registered twice");
  std::set<std::string> methods;
  for (const auto& [method, unused] : endpoint->by_method) methods.insert(method);
  if (methods.count("GET")) methods.insert("HEAD");
  endpoint->allow.clear();
  for (const auto& method : methods) endpoint->allow += (endpoint->allow.empty() ? "" : ", ") + method;
}

const char* access_name(loader::Access access) {
  switch (access) {
    case loader::Access::signed_in: return "signed_in";
    case loader::Access::anyone: return "anyone";
    case loader::Access::staff: return "staff";
    case loader::Access::admin: return "admin";
  }
  return "admin";
}

json::object read_web_manifest(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw Problem(500, "plugin.web_invalid", file.string() + " cannot be read");
  const auto value = portico::parse_json(text.str());
  if (!value.is_object()) throw Problem(500, "plugin.web_invalid", file.string() + " is not an object");
  return value.get_object();
}

/// Everything but the import map's script comes from our own origin; nothing inline, nothing framed.
std::string shell_policy(const json::object& web) {
  std::string script = "script-src 'self'";
  if (const auto* hash = web.if_contains("importmap_sha256"); hash && hash->is_string()) script += " '" + std::string(hash->get_string()) + "'";
  return "default-src 'none'; " + script +
         "; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; "
         "base-uri 'none'; frame-ancestors 'none'; object-src 'none'";
}

class PagesDocument {
 public:
  void add(const loader::Plugin& plugin, const json::object* web) {
    const auto& r = plugin.registrations;
    for (const auto& page : r.pages)
      pages_.push_back(json::object{{"plugin", plugin.id()}, {"path", page.path}, {"access", access_name(page.access)}, {"title", page.title}});
    for (const auto& entry : r.navigation)
      navigation_.push_back(json::object{{"plugin", plugin.id()}, {"path", entry.path}, {"order", entry.order}, {"label", entry.label}, {"access", access_name(entry.access)}});
    for (const auto& card : r.cards) cards_.push_back(json::object{{"plugin", plugin.id()}, {"id", card.id}, {"order", card.order}});
    if (!web || r.shell) return;
    const auto prefix = "/assets/" + plugin.id() + "/";
    json::array styles;
    if (const auto* list = web->if_contains("styles"); list && list->is_array())
      for (const auto& style : list->get_array()) styles.push_back(json::value(prefix + std::string(style.as_string())));
    modules_.push_back(json::object{{"id", plugin.id()}, {"entry", prefix + std::string(web->at("entry").as_string())}, {"styles", std::move(styles)}});
  }

  std::string text(const config::Settings& settings) {
    const auto by_order = [](json::array& list) {
      std::stable_sort(list.begin(), list.end(), [](const json::value& a, const json::value& b) {
        return a.at("order").as_int64() < b.at("order").as_int64();
      });
    };
    by_order(navigation_);
    by_order(cards_);
    return json::serialize(json::object{{"name", settings.portal_name}, {"languages", json::array{"en", "ja"}},
        {"default_language", settings.default_language}, {"time_zone", settings.time_zone}, {"modules", std::move(modules_)},
        {"pages", std::move(pages_)}, {"navigation", std::move(navigation_)}, {"cards", std::move(cards_)}});
  }

 private:
  json::array modules_, pages_, navigation_, cards_;
};

}  // namespace

std::shared_ptr<const Published> build_published(const std::vector<loader::Plugin*>& plugins,
                                                 const std::vector<BuiltinRoute>& builtins, const config::Settings& settings) {
  auto live = std::make_shared<Published>();
  for (const auto& builtin : builtins) {
    Route route;
    route.spec.method = builtin.method;
    route.spec.pattern = builtin.path;
    route.spec.summary = builtin.summary;
    route.spec.access = builtin.access;
    route.spec.schemas = {{"responses", json::object{{"200", json::object{{"type", "object"}}}}}};
    route.builtin = builtin.answer;
    route.label = builtin.method + " " + builtin.path;
    add_route(*live, std::move(route));
  }
  PagesDocument pages;
  for (auto* plugin : plugins) {
    const auto& r = plugin->registrations;
    for (const auto& spec : r.routes) add_route(*live, Route{spec, plugin, nullptr, spec.method + " " + spec.pattern});
    for (const auto& spec : r.operations) live->operations[spec.name] = {spec, plugin};
    for (const auto& spec : r.identity) {
      if (live->identity.plugin) throw Problem(500, "plugin.identity_taken", plugin->id() + " and " + live->identity.plugin->id() + " both authenticate");
      live->identity = {spec, plugin};
    }
    for (const auto& page : r.pages)
      if (auto* slot = live->pages.insert(page.path)) *slot = page;
    const auto web_folder = plugin->folder / "web";
    std::optional<json::object> web;
    if (std::filesystem::exists(web_folder / "web.json")) {
      web = read_web_manifest(web_folder / "web.json");
      live->assets.mount("/assets/" + plugin->id() + "/", web_folder);
    }
    if (r.shell) {
      if (live->shell) throw Problem(500, "plugin.shell_taken", plugin->id() + " is a second shell");
      if (web) {
        live->shell = live->assets.find("/assets/" + plugin->id() + "/index.html");
        live->shell_csp = shell_policy(*web);
      }
    }
    pages.add(*plugin, web ? &*web : nullptr);
  }
  std::vector<const Route*> routes;
  for (const auto& pattern : live->routes.values())
    for (const auto& [method, route] : pattern->by_method) routes.push_back(&route);
  live->pages_document = pages.text(settings);
  live->api_document = build_api_document(routes, settings);
  return live;
}

}  // namespace kernel::policy
