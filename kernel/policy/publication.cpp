// Builds the snapshot: routes, operations, authenticator, pages, assets and the two documents.
#include "kernel/policy/publication.hpp"

#include <fstream>
#include <portico/contract.hpp>
#include <set>
#include <sstream>

#include "kernel/policy/rate_subject.hpp"

namespace kernel::policy {

namespace json = boost::json;
using portico::Problem;

namespace {

void add_route(Published& live, Route route, const config::Settings& settings) {
  route.rate_name = rate_class(route.spec);
  route.rate = settings.rates.at(route.rate_name);
  route.rate_key = route.rate_name + "/" + std::to_string(route.rate.count) + ":";
  route.metrics = std::make_shared<RouteMetrics>(route.label);
  auto* endpoint = live.routes.insert(route.spec.pattern);
  if (!endpoint)
    throw Problem(500, "plugin.route_taken",
                  route.label + ": the same path is registered with other parameter names");
  const auto [it, added] = endpoint->by_method.emplace(route.spec.method, std::move(route));
  if (!added) throw Problem(500, "plugin.route_taken", it->second.label + " is registered twice");
  std::set<std::string> methods;
  for (const auto& [method, unused] : endpoint->by_method) methods.insert(method);
  if (methods.count("GET")) methods.insert("HEAD");
  endpoint->allow.clear();
  for (const auto& method : methods) endpoint->allow += (endpoint->allow.empty() ? "" : ", ") + method;
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
  if (const auto* hash = web.if_contains("importmap_sha256"); hash && hash->is_string())
    script += " '" + std::string(hash->get_string()) + "'";
  return "default-src 'none'; " + script +
         "; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src "
         "'self'; form-action 'self'; "
         "base-uri 'none'; frame-ancestors 'none'; object-src 'none'";
}

/// A text in the portal's languages.
struct PageText {
  std::string en, ja;
};
BOOST_DESCRIBE_STRUCT(PageText, (), (en, ja))

struct PageModule {
  std::string id, entry;
  std::vector<std::string> styles;
};
BOOST_DESCRIBE_STRUCT(PageModule, (), (id, entry, styles))

struct PageEntry {
  std::string plugin, path;
  loader::Access access = loader::Access::signed_in;
  PageText title;
};
BOOST_DESCRIBE_STRUCT(PageEntry, (), (plugin, path, access, title))

struct NavigationEntry {
  std::string plugin, path;
  std::int64_t order = 0;
  PageText label;
  loader::Access access = loader::Access::signed_in;
};
BOOST_DESCRIBE_STRUCT(NavigationEntry, (), (plugin, path, order, label, access))

struct CardEntry {
  std::string plugin, id;
  std::int64_t order = 0;
};
BOOST_DESCRIBE_STRUCT(CardEntry, (), (plugin, id, order))

/// What the web shell needs to know of the enabled plugins.
struct Pages {
  std::string name;
  std::vector<std::string> languages{"en", "ja"};
  std::string default_language, time_zone;
  std::vector<PageModule> modules;
  std::vector<PageEntry> pages;
  std::vector<NavigationEntry> navigation;
  std::vector<CardEntry> cards;
};
BOOST_DESCRIBE_STRUCT(Pages, (),
                      (name, languages, default_language, time_zone, modules, pages, navigation, cards))

void add_pages(Pages& all, const loader::Plugin& plugin, const json::object* web) {
  const auto& r = plugin.registrations;
  for (const auto& page : r.pages)
    all.pages.push_back({plugin.id(), page.path, page.access, portico::decode<PageText>(page.title)});
  for (const auto& entry : r.navigation)
    all.navigation.push_back(
        {plugin.id(), entry.path, entry.order, portico::decode<PageText>(entry.label), entry.access});
  for (const auto& card : r.cards) all.cards.push_back({plugin.id(), card.id, card.order});
  if (!web) return;
  const auto prefix = "/assets/" + plugin.id() + "/";
  PageModule module{plugin.id(), prefix + std::string(web->at("entry").as_string()), {}};
  if (const auto* styles = web->if_contains("styles"); styles && styles->is_array())
    for (const auto& style : styles->get_array())
      module.styles.push_back(prefix + std::string(style.as_string()));
  all.modules.push_back(std::move(module));
}

template <class Entry>
void by_order(std::vector<Entry>& list) {
  std::stable_sort(list.begin(), list.end(),
                   [](const Entry& a, const Entry& b) { return a.order < b.order; });
}

/// The answer of a builtin route as the API document tells it.
json::object schemas_of(const BuiltinRoute& builtin) {
  if (!builtin.schemas.empty()) return builtin.schemas;
  json::object components;
  json::value answer = json::object{{"type", "object"}};
  if (builtin.path == kPagesPath) answer = portico::schema<Pages>(components);
  return {{"responses", json::object{{"200", std::move(answer)}}}, {"components", std::move(components)}};
}

}  // namespace

std::shared_ptr<const Published> build_published(const std::vector<loader::PluginPtr>& plugins,
                                                 const std::vector<BuiltinRoute>& builtins,
                                                 const config::Settings& settings) {
  auto live = std::make_shared<Published>();
  live->plugins = plugins;
  for (const auto& builtin : builtins) {
    Route route;
    route.spec.method = builtin.method;
    route.spec.pattern = builtin.path;
    route.spec.summary = builtin.summary;
    route.spec.access = builtin.access;
    route.spec.schemas = schemas_of(builtin);
    route.builtin = builtin.answer;
    route.blocks = builtin.blocks;
    route.label = builtin.method + " " + builtin.path;
    add_route(*live, std::move(route), settings);
  }
  Pages pages;
  pages.name = settings.portal_name;
  pages.default_language = settings.default_language;
  pages.time_zone = settings.time_zone;
  for (const auto& owner : plugins) {
    auto* const plugin = owner.get();
    const auto& r = plugin->registrations;
    for (const auto& spec : r.routes)
      add_route(*live, Route{spec, plugin, nullptr, spec.method + " " + spec.pattern}, settings);
    for (const auto& spec : r.operations) live->operations[spec.name] = {spec, plugin};
    for (const auto& spec : r.identity) {
      if (live->identity.plugin)
        throw Problem(500, "plugin.identity_taken",
                      plugin->id() + " and " + live->identity.plugin->id() + " both authenticate");
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
    add_pages(pages, *plugin, web ? &*web : nullptr);
  }
  std::vector<const Route*> routes;
  for (const auto& pattern : live->routes.values())
    for (const auto& [method, route] : pattern->by_method) routes.push_back(&route);
  by_order(pages.navigation);
  by_order(pages.cards);
  live->pages_document = portico::encode_text(pages);
  live->api_document = build_api_document(routes, settings);
  return live;
}

}  // namespace kernel::policy
