// The API document of plugins that do not know each other.
#include <catch2/catch.hpp>

#include "kernel/policy/publication.hpp"

using namespace kernel;
namespace json = boost::json;

namespace {

/// A route that answers a contract called Greeting with these members.
policy::Route greeting(loader::Plugin* plugin, std::string path, json::object members) {
  policy::Route route;
  route.plugin = plugin;
  route.spec.method = "GET";
  route.spec.pattern = std::move(path);
  route.label = "GET " + route.spec.pattern;
  const json::object reference{{"$ref", "#/components/schemas/Greeting"}};
  route.spec.schemas = {
      {"responses", {{"200", {{"type", "array"}, {"items", reference}}}}},
      {"components", {{"Greeting", {{"type", "object"}, {"properties", std::move(members)}}}}}};
  return route;
}

std::string answer_of(const json::object& document, std::string_view path) {
  return std::string(document.at("paths")
                         .at(path)
                         .at("get")
                         .at("responses")
                         .at("200")
                         .at("content")
                         .at("application/json")
                         .at("schema")
                         .at("items")
                         .at("$ref")
                         .as_string());
}

}  // namespace

TEST_CASE("two plugins may call different values by one name") {
  loader::Manifest manifest;
  manifest.id = "second";
  loader::Plugin second({}, manifest);
  const auto first = greeting(nullptr, "/api/first", {{"message", json::object()}});
  const auto same = greeting(&second, "/api/same", {{"message", json::object()}});
  const auto other =
      greeting(&second, "/api/other", {{"message", json::object()}, {"language", json::object()}});
  const auto document =
      json::parse(policy::build_api_document({&first, &same, &other}, config::Settings())).as_object();
  CHECK(answer_of(document, "/api/first") == "#/components/schemas/Greeting");
  CHECK(answer_of(document, "/api/same") == "#/components/schemas/Greeting");
  CHECK(answer_of(document, "/api/other") == "#/components/schemas/second.Greeting");
  const auto& components = document.at("components").at("schemas").as_object();
  CHECK(components.at("Greeting").at("properties").as_object().size() == 1);
  CHECK(components.at("second.Greeting").at("properties").as_object().size() == 2);
}
