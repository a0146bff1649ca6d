// OpenAPI 3.1 out of the routes' own contracts.
#include <portico/problem.hpp>

#include "kernel/policy/idempotency.hpp"
#include "kernel/policy/publication.hpp"

namespace kernel::policy {

namespace json = boost::json;
using portico::Problem;

namespace {

json::object problem_schema() {
  return {{"type", "object"},
          {"description", "A failure (RFC 9457). code is stable; clients translate it."},
          {"required", json::array{"type", "title", "status", "code", "correlation_id"}},
          {"properties",
           json::object{
               {"type", json::object{{"type", "string"}}},
               {"title", json::object{{"type", "string"}}},
               {"status", json::object{{"type", "integer"}}},
               {"code", json::object{{"type", "string"}}},
               {"correlation_id", json::object{{"type", "string"}}},
               {"errors",
                json::object{
                    {"type", "array"},
                    {"items", json::object{{"type", "object"},
                                           {"required", json::array{"pointer", "code"}},
                                           {"properties",
                                            json::object{{"pointer", json::object{{"type", "string"}}},
                                                         {"code", json::object{{"type", "string"}}}}}}}}}}}};
}

std::string operation_id(const Route& route) {
  std::string id;
  for (char c : route.spec.method) id += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  bool upper = true;
  for (char c : route.spec.pattern) {
    if (!std::isalnum(static_cast<unsigned char>(c))) {
      upper = true;
      continue;
    }
    id += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return id;
}

json::array parameters_of(const Route& route) {
  json::array parameters;
  const auto& pattern = route.spec.pattern;
  for (std::size_t open = pattern.find('{'); open != std::string::npos; open = pattern.find('{', open + 1))
    parameters.push_back(json::object{{"name", pattern.substr(open + 1, pattern.find('}', open) - open - 1)},
                                      {"in", "path"},
                                      {"required", true},
                                      {"schema", json::object{{"type", "string"}}}});
  if (const auto* query = route.spec.schemas.if_contains("query"); query && query->is_object())
    for (const auto& member : query->get_object())
      parameters.push_back(json::object{{"name", member.key()}, {"in", "query"}, {"schema", member.value()}});
  if (route.plugin && takes_idempotency_key(route.spec))
    parameters.push_back(json::object{
        {"name", "Idempotency-Key"},
        {"in", "header"},
        {"required", route.spec.needs_idempotency_key},
        {"description", "Of any number of requests with the same key one takes effect"},
        {"schema",
         json::object{
             {"type", "string"}, {"minLength", kIdempotencyKeyLeast}, {"maxLength", kIdempotencyKeyMost}}}});
  return parameters;
}

json::object responses_of(const Route& route) {
  json::object out;
  if (const auto* responses = route.spec.schemas.if_contains("responses");
      responses && responses->is_object())
    for (const auto& member : responses->get_object()) {
      json::object response{{"description", member.key() == "204" ? "Done" : "As asked for"}};
      if (!member.value().is_null())
        response["content"] = json::object{{"application/json", json::object{{"schema", member.value()}}}};
      out[member.key()] = std::move(response);
    }
  const json::object problem{
      {"description", "A failure"},
      {"content",
       json::object{{"application/problem+json",
                     json::object{{"schema", json::object{{"$ref", "#/components/schemas/Problem"}}}}}}}};
  out["4XX"] = problem;
  out["5XX"] = problem;
  return out;
}

constexpr std::string_view kComponents = "#/components/schemas/";

/// The schemas with these components called otherwise, wherever they are referred to.
json::value renamed(const json::value& schema, const std::map<std::string, std::string>& names) {
  if (const auto* list = schema.if_array()) {
    json::array out;
    for (const auto& item : *list) out.push_back(renamed(item, names));
    return out;
  }
  const auto* object = schema.if_object();
  if (!object) return schema;
  json::object out;
  for (const auto& member : *object) {
    const auto* reference = member.key() == "$ref" ? member.value().if_string() : nullptr;
    const auto name = reference && reference->starts_with(kComponents)
                          ? names.find(std::string(reference->subview(kComponents.size())))
                          : names.end();
    out[member.key()] = name == names.end() ? renamed(member.value(), names)
                                            : json::value(std::string(kComponents) + name->second);
  }
  return out;
}

/// Adds a route's components; what another plugin calls the same and means otherwise gets the plugin's id
/// before it.
void add_components(json::object& components, Route& route) {
  const auto* own = route.spec.schemas.if_contains("components");
  if (!own || !own->is_object()) return;
  std::map<std::string, std::string> names;
  for (const auto& member : own->get_object())
    if (const auto* known = components.if_contains(member.key()); known && *known != member.value())
      names[std::string(member.key())] =
          (route.plugin ? route.plugin->id() : "host") + "." + std::string(member.key());
  if (!names.empty()) {
    json::object called;
    for (const auto& member : own->get_object()) {
      const auto name = names.find(std::string(member.key()));
      called[name == names.end() ? std::string(member.key()) : name->second] = renamed(member.value(), names);
    }
    route.spec.schemas = renamed(route.spec.schemas, names).as_object();
    route.spec.schemas["components"] = std::move(called);
  }
  for (const auto& member : route.spec.schemas.at("components").as_object()) {
    const auto [it, added] = components.emplace(member.key(), member.value());
    if (!added && it->value() != member.value())
      throw Problem(500, "plugin.schema_conflict",
                    route.label + ": this plugin has another contract called " + std::string(member.key()));
  }
}

}  // namespace

std::string build_api_document(const std::vector<const Route*>& routes, const config::Settings& settings) {
  json::object paths, components{{"Problem", problem_schema()}};
  for (const auto* one : routes) {
    if (one->spec.pattern.rfind("/api/", 0) != 0) continue;
    Route described = *one;
    add_components(components, described);
    const auto* route = &described;
    const auto& schemas = route->spec.schemas;
    json::object operation{{"operationId", operation_id(*route)},
                           {"summary", route->spec.summary.empty() ? route->label : route->spec.summary},
                           {"tags", json::array{route->plugin ? route->plugin->id() : "host"}},
                           {"responses", responses_of(*route)}};
    if (auto parameters = parameters_of(*route); !parameters.empty())
      operation["parameters"] = std::move(parameters);
    if (const auto* request = schemas.if_contains("request"); request && !request->is_null())
      operation["requestBody"] =
          json::object{{"required", !schemas.contains("request_optional")},
                       {"content", json::object{{"application/json", json::object{{"schema", *request}}}}}};
    if (route->spec.access == loader::Access::anyone) operation["security"] = json::array{};
    auto& path = paths[route->spec.pattern];
    if (!path.is_object()) path = json::object{};
    std::string method = route->spec.method;
    for (auto& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    path.get_object()[method] = std::move(operation);
  }
  json::object tags_seen;
  json::array tags;
  for (const auto* route : routes) {
    const auto name = route->plugin ? route->plugin->id() : std::string("host");
    if (tags_seen.emplace(name, true).second)
      tags.push_back(json::object{
          {"name", name},
          {"description", route->plugin ? route->plugin->manifest.description : "The host itself"}});
  }
  return json::serialize(json::object{
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", settings.portal_name},
                            {"version", "0.1.0"},
                            {"description",
                             "The portal's HTTP interface. Unsafe methods need the header X-Portico-CSRF and "
                             "the page's own Origin."},
                            {"license", json::object{{"name", "MIT"}, {"identifier", "MIT"}}}}},
      {"servers", json::array{json::object{{"url", "/"}}}},
      {"security", json::array{json::object{{"session", json::array{}}}}},
      {"tags", std::move(tags)},
      {"paths", std::move(paths)},
      {"components", json::object{{"schemas", std::move(components)},
                                  {"securitySchemes",
                                   json::object{{"session", json::object{{"type", "apiKey"},
                                                                         {"in", "cookie"},
                                                                         {"name", "__Host-access"}}}}}}}});
}

}  // namespace kernel::policy
