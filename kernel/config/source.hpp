// Where settings come from: command line, environment, files; the first that says something wins.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kernel::config {

/// The process's environment, read once; tests give their own.
class Environment {
 public:
  static Environment of_process();
  explicit Environment(std::map<std::string, std::string, std::less<>> variables)
      : variables_(std::move(variables)) {}

  /// The variable's value, or the content of the file that NAME_FILE names (one trailing newline removed).
  /// errors    500 config.unreadable_file
  std::optional<std::string> find(std::string_view name) const;
  const std::map<std::string, std::string, std::less<>>& all() const { return variables_; }

 private:
  std::map<std::string, std::string, std::less<>> variables_;
};

/// "plugins.billing.enabled" → "PORTICO_PLUGINS_BILLING_ENABLED"
std::string environment_form(std::string_view key);

/// Flat keys of portico.properties and of every plugins/<id>.properties beside it (as "plugins.<id>.<key>").
class Source {
 public:
  /// file may be empty: no files. errors: 500 config.unreadable_file with the line
  Source(const std::filesystem::path& file, Environment environment,
         std::map<std::string, std::string> overrides = {});

  /// aliases: established variable names, used after the environment form of the key.
  std::optional<std::string> find(const std::string& key, const std::vector<std::string>& aliases = {}) const;

  /// Every key that a file or the command line sets, with where it stands.
  const std::map<std::string, std::string>& origins() const { return origins_; }
  const Environment& environment() const { return environment_; }

 private:
  void read(const std::filesystem::path& file, const std::string& prefix);

  Environment environment_;
  std::map<std::string, std::string> values_;
  std::map<std::string, std::string> origins_;
  std::map<std::string, std::string> overrides_;
};

}  // namespace kernel::config
