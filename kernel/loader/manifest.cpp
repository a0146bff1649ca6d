// Reads manifest.json strictly: a member nobody knows is an error with a suggestion.
#include "kernel/loader/manifest.hpp"

#include <portico/contract.hpp>

#include "kernel/config/suggestion.hpp"

namespace kernel::loader {

namespace json = boost::json;
using portico::Problem;

namespace {

[[noreturn]] void refuse(const std::string& field, const std::string& wanted, const std::string& found) {
  throw Problem(422, "plugin.manifest_invalid", field + ": wanted " + wanted + ", found " + found);
}

bool is_word(std::string_view text, std::string_view extra) {
  return !text.empty() && text.size() <= 64 && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || extra.find(c) != std::string_view::npos;
         });
}

/// "acme-points": also names its schema and its role in the database, where a dash is an underscore.
bool is_plugin_id(std::string_view id) {
  return is_word(id, "-") && id.size() <= 50 && !id.ends_with('-') && id.find("--") == id.npos;
}

/// "post.parcel_sent/1"
bool is_revisioned(std::string_view name) {
  const auto slash = name.find('/');
  const auto digits = slash == name.npos ? std::string_view() : name.substr(slash + 1);
  return is_word(name.substr(0, slash), "._-") && !digits.empty() && digits.size() <= 4 && digits[0] != '0' &&
         digits.find_first_not_of("0123456789") == digits.npos;
}

constexpr std::int64_t kLongestWait_ms = 3'600'000;

/// Reads members of one object and knows which were asked for.
class Object {
 public:
  Object(const json::value& value, std::string where) : where_(std::move(where)) {
    object_ = value.if_object();
    if (!object_) refuse(where_, "an object", json::serialize(value).substr(0, 60));
  }
  /// Members that were never asked for are unknown.
  void finish() const {
    for (const auto& member : *object_) {
      const std::string key(member.key());
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      const auto hint = config::nearest(key, known_);
      refuse(at(key), "a known member" + (hint.empty() ? std::string() : " (did you mean '" + hint + "'?)"),
             "'" + key + "'");
    }
  }
  const json::value* find(const std::string& key) {
    known_.push_back(key);
    return object_->if_contains(key);
  }
  std::string text(const std::string& key, std::optional<std::string> fallback = std::nullopt) {
    const auto* value = find(key);
    if (!value && fallback) return *fallback;
    if (!value || !value->is_string())
      refuse(at(key), "a text", value ? json::serialize(*value).substr(0, 60) : "nothing");
    return std::string(value->get_string());
  }
  std::int64_t number(const std::string& key, std::int64_t fallback, std::int64_t min, std::int64_t max) {
    const auto* value = find(key);
    if (!value) return fallback;
    if (!value->is_int64() || value->get_int64() < min || value->get_int64() > max)
      refuse(at(key), "a whole number from " + std::to_string(min) + " to " + std::to_string(max),
             json::serialize(*value).substr(0, 60));
    return value->get_int64();
  }
  bool flag(const std::string& key) {
    const auto* value = find(key);
    if (!value) return false;
    if (!value->is_bool()) refuse(at(key), "true or false", json::serialize(*value).substr(0, 60));
    return value->get_bool();
  }
  std::vector<std::string> list(const std::string& key) {
    std::vector<std::string> out;
    const auto* value = find(key);
    if (!value) return out;
    if (!value->is_array()) refuse(at(key), "a list of texts", json::serialize(*value).substr(0, 60));
    for (const auto& item : value->get_array()) {
      if (!item.is_string()) refuse(at(key), "a list of texts", json::serialize(item).substr(0, 60));
      out.emplace_back(item.get_string());
    }
    return out;
  }
  std::string at(const std::string& key) const { return where_.empty() ? key : where_ + "." + key; }
  const json::object& raw() const { return *object_; }

 private:
  const json::object* object_;
  std::string where_;
  std::vector<std::string> known_;
};

bool fits(ConfigType type, const json::value& value) {
  switch (type) {
    case ConfigType::text:
    case ConfigType::url:
      return value.is_string();
    case ConfigType::integer:
      return value.is_int64();
    case ConfigType::boolean:
      return value.is_bool();
    case ConfigType::list:
      return value.is_array();
  }
  return false;
}

ConfigKey read_config_key(const json::value& value, const std::string& where) {
  static const std::map<std::string, ConfigType> types{
      {"text", ConfigType::text},       {"url", ConfigType::url},   {"integer", ConfigType::integer},
      {"boolean", ConfigType::boolean}, {"list", ConfigType::list}, {"duration_ms", ConfigType::integer}};
  Object in(value, where);
  ConfigKey key;
  const auto type = in.text("type");
  const auto it = types.find(type);
  if (it == types.end())
    refuse(in.at("type"), "text, url, integer, boolean, list or duration_ms", "'" + type + "'");
  key.type = it->second;
  if (const auto* fallback = in.find("default")) {
    if (!fits(key.type, *fallback))
      refuse(in.at("default"), "a value of type " + type, json::serialize(*fallback).substr(0, 60));
    key.fallback = *fallback;
  }
  key.required = in.flag("required");
  key.secret = in.flag("secret");
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  if (in.raw().contains("min")) key.min = in.number("min", 0, -kMost, kMost);
  if (in.raw().contains("max")) key.max = in.number("max", 0, -kMost, kMost);
  key.env = in.text("env", "");
  key.description = in.text("description", "");
  in.finish();
  return key;
}

OutboundSpec read_outbound(const json::value& value, const std::string& where) {
  Object in(value, where);
  OutboundSpec spec;
  const auto protocol = in.text("protocol", "http");
  if (protocol != "http" && protocol != "grpc")
    refuse(in.at("protocol"), "http or grpc", "'" + protocol + "'");
  spec.base_url = in.text("base_url");
  spec.ca_file = in.text("ca_file", "");
  if (protocol == "grpc") {
    spec.protocol = Protocol::grpc;
    spec.body_limit = 4 << 20;
    spec.keep_alive_ms = in.number("keep_alive_ms", spec.keep_alive_ms, 0, 3'600'000);
  }
  spec.timeout_ms = in.number("timeout_ms", spec.timeout_ms, 1, 3'600'000);
  spec.connect_timeout_ms = in.number("connect_timeout_ms", spec.connect_timeout_ms, 1, kLongestWait_ms);
  spec.body_limit = in.number("body_limit", spec.body_limit, 1024, std::int64_t{1} << 32);
  if (const auto* lanes = in.find("lanes")) {
    for (const auto& lane : Object(*lanes, in.at("lanes")).raw()) {
      Object one(lane.value(), in.at("lanes." + std::string(lane.key())));
      OutboundLaneSpec l;
      l.concurrency = one.number("concurrency", l.concurrency, 1, 1000);
      l.queue = one.number("queue", l.queue, 0, 100'000);
      l.queue_wait_ms = one.number("queue_wait_ms", l.queue_wait_ms, 0, 600'000);
      l.rate = one.number("rate", l.rate, 0, 1'000'000);
      l.rate_ms = one.number("rate_ms", l.rate_ms, 1, 86'400'000);
      l.background_percent = one.number("background_percent", l.background_percent, 0, 100);
      one.finish();
      spec.lanes[std::string(lane.key())] = l;
    }
  }
  in.finish();
  spec.lanes.try_emplace("standard");
  return spec;
}

}  // namespace

bool Manifest::may_register_path(std::string_view path, const std::vector<std::string>& prefixes) const {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
    if (prefix == "/") return path == "/";
    return path.substr(0, prefix.size()) == prefix &&
           (path.size() == prefix.size() || path[prefix.size()] == '/');
  });
}

Manifest Manifest::parse(std::string_view text) {
  json::value document;
  try {
    document = portico::parse_json(text);
  } catch (const Problem& problem) {
    throw Problem(422, "plugin.manifest_invalid", "manifest.json: " + problem.detail);
  }
  Object in(document, "");
  Manifest m;
  m.id = in.text("id");
  if (!is_plugin_id(m.id))
    refuse("id", "at most 50 lower-case letters, digits and single dashes", "'" + m.id + "'");
  if (m.id == "kernel" || m.id == "public") refuse("id", "a name that is not taken", "'" + m.id + "'");
  m.version = in.text("version");
  m.license = in.text("license");
  m.description = in.text("description", "");
  {
    const auto* abi = in.find("abi");
    if (!abi) refuse("abi", "an object", "nothing");
    Object a(*abi, "abi");
    m.abi_major = a.number("major", 0, 1, 1000);
    m.abi_min_minor = a.number("min_minor", 0, 0, 1000);
    a.finish();
  }
  if (const auto* value = in.find("extensions")) {
    Object e(*value, "extensions");
    m.extensions_required = e.list("required");
    m.extensions_optional = e.list("optional");
    e.finish();
  }
  if (const auto* value = in.find("operations")) {
    Object o(*value, "operations");
    m.operations_provided = o.list("provides");
    m.operations_required = o.list("requires");
    m.operations_optional = o.list("optional");
    o.finish();
  }
  if (const auto* value = in.find("events")) {
    Object e(*value, "events");
    m.events_published = e.list("publishes");
    m.events_subscribed = e.list("subscribes");
    e.finish();
    for (const auto* names : {&m.events_published, &m.events_subscribed})
      for (const auto& name : *names)
        if (!is_revisioned(name)) refuse("events", "names like \"post.parcel_sent/1\"", "'" + name + "'");
  }
  m.routes = in.list("routes");
  m.pages = in.list("pages");
  m.tasks = in.list("tasks");
  m.workflows = in.list("workflows");
  for (const auto* paths : {&m.routes, &m.pages})
    for (const auto& path : *paths)
      if (path.empty() || path[0] != '/')
        refuse("routes and pages", "paths that begin with /", "'" + path + "'");
  if (const auto* lanes = in.find("lanes")) {
    for (const auto& lane : Object(*lanes, "lanes").raw()) {
      Object one(lane.value(), "lanes." + std::string(lane.key()));
      LaneSpec l = lane.key() == "tasks" ? kTasksLane : LaneSpec{};
      l.workers = one.number("workers", l.workers, 1, 64);
      l.queue = one.number("queue", l.queue, 1, 10'000);
      l.wait_ms = one.number("wait_ms", l.wait_ms, 1, 600'000);
      l.nice = one.number("nice", l.nice, 0, 19);
      one.finish();
      m.lanes[std::string(lane.key())] = l;
    }
  }
  m.lanes.try_emplace("standard");
  m.database = in.flag("database");
  m.mail = in.flag("mail");
  m.identity = in.flag("identity");
  if (const auto* outbound = in.find("outbound"))
    for (const auto& one : Object(*outbound, "outbound").raw())
      m.outbound[std::string(one.key())] = read_outbound(one.value(), "outbound." + std::string(one.key()));
  if (const auto* config = in.find("config"))
    for (const auto& one : Object(*config, "config").raw()) {
      const std::string key(one.key());
      if (!is_word(key, "_") || key == "enabled")
        refuse("config." + key, "a lower-case name other than 'enabled'", "'" + key + "'");
      m.config[key] = read_config_key(one.value(), "config." + key);
    }
  m.unload = in.text("unload", "retired");
  if (m.unload != "retired" && m.unload != "unloadable")
    refuse("unload", "retired or unloadable", "'" + m.unload + "'");
  in.finish();
  for (const auto& [name, spec] : m.outbound) {
    if (!is_word(name, "_-"))
      refuse("outbound", "names of lower-case letters, digits, '_' and '-'", "'" + name + "'");
    if (!m.config.count(spec.base_url))
      refuse("outbound." + name + ".base_url", "a key of config", "'" + spec.base_url + "'");
    if (!spec.ca_file.empty() && !m.config.count(spec.ca_file))
      refuse("outbound." + name + ".ca_file", "a key of config", "'" + spec.ca_file + "'");
  }
  return m;
}

}  // namespace kernel::loader
