// What the test host reads of a manifest: enough to refuse what the real host refuses at run time.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace portico::testkit {

struct Manifest {
  bool anything = true;  // no manifest given: the host allows everything
  std::string id = "plugin";
  std::vector<std::string> extensions_required, extensions_optional;
  std::vector<std::string> operations_provided, operations_used;
  std::vector<std::string> routes, pages, tasks, lanes, upstreams, workflows;
  std::vector<std::string> events_published, events_subscribed;
  bool database = false, mail = false, identity = false;
  boost::json::object config;  // schema by key

  /// errors    Problem 422 plugin.manifest_invalid
  static Manifest parse(std::string_view json);

  bool declares_extension(std::string_view extension) const;
  bool names(const std::vector<std::string>& list, std::string_view name) const;
  /// A prefix in the list covers the path.
  bool covers(const std::vector<std::string>& prefixes, std::string_view path) const;

  /// The settings with defaults, checked against the schema. errors: Problem 500 config.invalid, one fault a
  /// line
  boost::json::object read_config(const boost::json::object& settings) const;
};

}  // namespace portico::testkit
