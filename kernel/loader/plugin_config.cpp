// Typed values out of texts, one fault a line.
#include "kernel/loader/plugin_config.hpp"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <charconv>
#include <portico/problem.hpp>

#include "kernel/config/suggestion.hpp"

namespace kernel::loader {

namespace json = boost::json;
using portico::Problem;

namespace {

/// The typed value, or a fault.
json::value typed(const ConfigKey& key, const std::string& text, std::string& fault) {
  switch (key.type) {
    case ConfigType::text:
      return json::value(text);
    case ConfigType::url:
      try {
        const Poco::URI uri(text);
        if ((uri.getScheme() == "http" || uri.getScheme() == "https") && !uri.getHost().empty()) {
          auto trimmed = text;
          while (!trimmed.empty() && trimmed.back() == '/') trimmed.pop_back();
          return json::value(trimmed);
        }
      } catch (const Poco::Exception&) {
      }
      fault = "'" + text + "' is not an http or https URL";
      return nullptr;
    case ConfigType::integer: {
      std::int64_t number = 0;
      const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (ec != std::errc() || end != text.data() + text.size())
        fault = "'" + text + "' is not a whole number";
      else if (key.min && number < *key.min)
        fault = text + " is below " + std::to_string(*key.min);
      else if (key.max && number > *key.max)
        fault = text + " is above " + std::to_string(*key.max);
      return number;
    }
    case ConfigType::boolean:
      if (text != "true" && text != "false") fault = "'" + text + "' is neither true nor false";
      return text == "true";
    case ConfigType::list: {
      json::array items;
      std::string item;
      for (char c : text + ",") {
        if (c != ',')
          item += c;
        else if (!item.empty())
          items.emplace_back(std::exchange(item, {}));
      }
      return items;
    }
  }
  return nullptr;
}

json::value empty_of(ConfigType type) {
  switch (type) {
    case ConfigType::text:
    case ConfigType::url:
      return "";
    case ConfigType::integer:
      return 0;
    case ConfigType::boolean:
      return false;
    case ConfigType::list:
      return json::array();
  }
  return nullptr;
}

}  // namespace

bool is_enabled(const std::string& id, const config::Source& source) {
  const auto text = source.find("plugins." + id + ".enabled");
  if (!text || *text == "false") return false;
  if (*text == "true") return true;
  throw Problem(500, "config.invalid",
                "plugins." + id + ".enabled: '" + *text + "' is neither true nor false");
}

json::object read_plugin_config(const Manifest& manifest, const config::Source& source) {
  const auto prefix = "plugins." + manifest.id + ".";
  json::object out;
  std::string faults;
  const auto fault = [&](const std::string& key, const std::string& text) {
    faults += prefix + key + ": " + text + "\n";
  };
  std::vector<std::string> names{"enabled"};
  for (const auto& [name, key] : manifest.config) {
    names.push_back(name);
    const auto text = source.find(
        prefix + name, key.env.empty() ? std::vector<std::string>{} : std::vector<std::string>{key.env});
    if (text) {
      std::string wrong;
      auto value = typed(key, *text, wrong);
      if (!wrong.empty()) fault(name, key.secret ? "the value is not valid" : wrong);
      if (key.required && value.is_string() && value.get_string().empty()) fault(name, "is empty");
      out[name] = std::move(value);
    } else if (key.required) {
      fault(name, "is missing" + (key.env.empty() ? std::string() : "; set " + key.env) +
                      (key.description.empty() ? "" : " (" + key.description + ")"));
    } else {
      out[name] = key.fallback ? *key.fallback : empty_of(key.type);
    }
  }
  for (const auto& [key, origin] : source.origins()) {
    if (key.rfind(prefix, 0) != 0) continue;
    const auto name = key.substr(prefix.size());
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const auto hint = config::nearest(name, names);
    fault(name, "unknown key in " + origin + (hint.empty() ? "" : "; did you mean '" + hint + "'?"));
  }
  if (!faults.empty()) throw Problem(500, "config.invalid", faults.substr(0, faults.size() - 1));
  return out;
}

}  // namespace kernel::loader
