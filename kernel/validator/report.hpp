// What was checked of one plugin file, what was found, and what to do about it.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

namespace kernel::validator {

enum class Outcome { passed, refused, not_checked };
std::string_view to_string(Outcome outcome);

struct Check {
  std::string stage;  // "static", "dynamic"
  std::string name;   // dotted, stable: "exports.only_entry"
  Outcome outcome = Outcome::passed;
  std::string found;   // empty: as wanted
  std::string wanted;  // what a plugin has to fulfil
  std::string mend;    // what to do; of refused checks
};

struct Report {
  std::string file, sha256, id, version;
  std::vector<Check> checks;

  void pass(std::string stage, std::string name, std::string wanted, std::string found = {});
  void refuse(std::string stage, std::string name, std::string wanted, std::string found, std::string mend);
  void skip(std::string stage, std::string name, std::string wanted, std::string why);

  bool refused() const;
  /// Lines for a person: refused checks first told in full, then one line for each other.
  std::string text() const;
  boost::json::object json() const;
};

}  // namespace kernel::validator
