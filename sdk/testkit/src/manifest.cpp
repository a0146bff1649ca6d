// Members of manifest.json by name; how strict the file itself is, is the validator's business.
#include "manifest.hpp"

#include <algorithm>
#include <portico/contract.hpp>

namespace portico::testkit {

namespace json = boost::json;

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Problem(422, "plugin.manifest_invalid", "manifest.json: " + what);
}

std::vector<std::string> list(const json::object& object, std::string_view key) {
  std::vector<std::string> out;
  if (const auto* value = object.if_contains(key)) {
    if (!value->is_array()) refuse(std::string(key) + " is no list");
    for (const auto& item : value->get_array()) {
      if (!item.is_string()) refuse(std::string(key) + " holds something that is no text");
      out.emplace_back(item.get_string());
    }
  }
  return out;
}

json::object object(const json::object& parent, std::string_view key) {
  const auto* value = parent.if_contains(key);
  if (value && !value->is_object()) refuse(std::string(key) + " is no object");
  return value ? value->get_object() : json::object();
}

bool flag(const json::object& parent, std::string_view key) {
  const auto* value = parent.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

std::vector<std::string> keys(const json::object& of) {
  std::vector<std::string> out;
  for (const auto& member : of) out.emplace_back(member.key());
  return out;
}

/// The fault of a value under a schema of one key; empty when it fits.
std::string fault_of(const json::object& schema, const json::value& value) {
  const auto* named = schema.if_contains("type");
  const std::string type = named && named->is_string() ? std::string(named->get_string()) : "text";
  const bool number = type == "integer" || type == "duration_ms";
  const bool fits = number              ? value.is_int64()
                    : type == "boolean" ? value.is_bool()
                    : type == "list"    ? value.is_array()
                                        : value.is_string();
  if (!fits) return "is not of type " + type;
  if (type == "url") {
    const std::string_view url = value.get_string();
    if (!url.starts_with("http://") && !url.starts_with("https://")) return "is not an http or https URL";
  }
  if (number) {
    const auto* min = schema.if_contains("min");
    const auto* max = schema.if_contains("max");
    if (min && value.get_int64() < min->as_int64()) return "is below " + json::serialize(*min);
    if (max && value.get_int64() > max->as_int64()) return "is above " + json::serialize(*max);
  }
  if (flag(schema, "required") && value.is_string() && value.get_string().empty()) return "is empty";
  return {};
}

json::value empty_of(const json::object& schema) {
  const auto* named = schema.if_contains("type");
  const std::string_view type = named && named->is_string() ? std::string_view(named->get_string()) : "text";
  if (type == "integer" || type == "duration_ms") return 0;
  if (type == "boolean") return false;
  if (type == "list") return json::array();
  return "";
}

}  // namespace

Manifest Manifest::parse(std::string_view text) {
  json::value document;
  try {
    document = parse_json(text);
  } catch (const Problem& problem) {
    refuse(problem.detail);
  }
  if (!document.is_object()) refuse("is no object");
  const auto& in = document.get_object();
  Manifest m;
  m.anything = false;
  if (const auto* id = in.if_contains("id"); id && id->is_string() && !id->get_string().empty())
    m.id = std::string(id->get_string());
  else
    refuse("id is missing");
  const auto extensions = object(in, "extensions");
  m.extensions_required = list(extensions, "required"), m.extensions_optional = list(extensions, "optional");
  const auto operations = object(in, "operations");
  m.operations_provided = list(operations, "provides");
  for (const char* key : {"requires", "optional", "provides"})
    for (auto& name : list(operations, key)) m.operations_used.push_back(std::move(name));
  const auto events = object(in, "events");
  m.events_published = list(events, "publishes"), m.events_subscribed = list(events, "subscribes");
  m.workflows = list(in, "workflows");
  m.routes = list(in, "routes"), m.pages = list(in, "pages"), m.tasks = list(in, "tasks");
  m.lanes = keys(object(in, "lanes")), m.upstreams = keys(object(in, "outbound"));
  m.lanes.emplace_back("standard");
  m.database = flag(in, "database"), m.mail = flag(in, "mail"), m.identity = flag(in, "identity");
  m.config = object(in, "config");
  for (const auto& key : m.config)
    if (!key.value().is_object()) refuse("config." + std::string(key.key()) + " is no object");
  return m;
}

bool Manifest::names(const std::vector<std::string>& list, std::string_view name) const {
  return anything || std::find(list.begin(), list.end(), name) != list.end();
}

bool Manifest::declares_extension(std::string_view extension) const {
  return names(extensions_required, extension) || names(extensions_optional, extension);
}

bool Manifest::covers(const std::vector<std::string>& prefixes, std::string_view path) const {
  return anything || std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
           if (prefix == "/") return path == "/";
           return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
         });
}

json::object Manifest::read_config(const json::object& settings) const {
  if (anything) return settings;
  json::object out;
  std::string faults;
  const auto fault = [&](std::string_view key, const std::string& text) {
    faults +=
        (faults.empty() ? "" : "\n") + std::string("plugins.") + id + "." + std::string(key) + ": " + text;
  };
  for (const auto& key : config) {
    const auto& schema = key.value().get_object();
    if (const auto* value = settings.if_contains(key.key())) {
      if (const auto wrong = fault_of(schema, *value); !wrong.empty()) fault(key.key(), wrong);
      out[key.key()] = *value;
      if (value->is_string() && schema.if_contains("type") && schema.at("type") == "url") {
        auto& url = out[key.key()].get_string();  // the host hands on an address without the last slash
        while (!url.empty() && url.back() == '/') url.pop_back();
      }
    } else if (flag(schema, "required")) {
      fault(key.key(), "is missing");
    } else {
      const auto* fallback = schema.if_contains("default");
      out[key.key()] = fallback ? *fallback : empty_of(schema);
    }
  }
  for (const auto& setting : settings)
    if (!config.contains(setting.key())) fault(setting.key(), "unknown key");
  if (!faults.empty()) throw Problem(500, "config.invalid", faults);
  return out;
}

}  // namespace portico::testkit
