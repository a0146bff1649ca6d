// Reads property files through Poco and the environment through environ.
#include "kernel/config/source.hpp"

#include <Poco/AutoPtr.h>
#include <Poco/Exception.h>
#include <Poco/Util/PropertyFileConfiguration.h>
#include <unistd.h>

#include <fstream>
#include <portico/problem.hpp>
#include <sstream>

namespace kernel::config {

using portico::Problem;

Environment Environment::of_process() {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    if (const auto equals = text.find('='); equals != std::string_view::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return Environment(std::move(variables));
}

std::optional<std::string> Environment::find(std::string_view name) const {
  if (const auto it = variables_.find(name); it != variables_.end()) return it->second;
  const auto file = variables_.find(std::string(name) + "_FILE");
  if (file == variables_.end()) return std::nullopt;
  std::ifstream in(file->second, std::ios::binary);
  if (!in)
    throw Problem(500, "config.unreadable_file",
                  file->first + " names " + file->second + ", which cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  auto value = std::move(text).str();
  if (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

std::string environment_form(std::string_view key) {
  std::string name = "PORTICO_";
  for (char c : key)
    name += c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

Source::Source(const std::filesystem::path& file, Environment environment,
               std::map<std::string, std::string> overrides)
    : environment_(std::move(environment)), overrides_(std::move(overrides)) {
  for (const auto& [key, value] : overrides_) origins_.emplace(key, "the command line");
  if (file.empty()) return;
  read(file, "");
  const auto folder = file.parent_path() / "plugins";
  std::error_code ec;
  for (std::filesystem::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    if (it->path().extension() == ".properties")
      read(it->path(), "plugins." + it->path().stem().string() + ".");
}

void Source::read(const std::filesystem::path& file, const std::string& prefix) {
  try {
    const Poco::AutoPtr<Poco::Util::PropertyFileConfiguration> properties(
        new Poco::Util::PropertyFileConfiguration(file.string()));
    std::vector<std::string> open{""};
    while (!open.empty()) {
      const auto base = open.back();
      open.pop_back();
      Poco::Util::AbstractConfiguration::Keys keys;
      properties->keys(base, keys);
      for (const auto& key : keys) open.push_back(base.empty() ? key : base + "." + key);
      if (!base.empty() && properties->has(base)) {
        values_[prefix + base] = properties->getRawString(base);
        origins_[prefix + base] = file.string();
      }
    }
  } catch (const Poco::Exception& e) {
    throw Problem(500, "config.unreadable_file", file.string() + ": " + e.displayText());
  }
}

std::optional<std::string> Source::find(const std::string& key,
                                        const std::vector<std::string>& aliases) const {
  if (const auto it = overrides_.find(key); it != overrides_.end()) return it->second;
  if (auto value = environment_.find(environment_form(key))) return value;
  for (const auto& alias : aliases)
    if (auto value = environment_.find(alias)) return value;
  if (const auto it = values_.find(key); it != values_.end()) return it->second;
  return std::nullopt;
}

}  // namespace kernel::config
