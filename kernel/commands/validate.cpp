// Reads the options, runs both stages over each file, prints the reports.
#include "kernel/commands/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <portico/problem.hpp>

#include "kernel/validator/validate.hpp"

namespace kernel::commands {

namespace json = boost::json;

namespace {

struct Options {
  std::vector<std::string> files;
  validator::Wishes wishes;
  bool json = false;
};

/// "5", "true" and "[…]" are JSON; anything else is a text.
json::value value_of(const std::string& text) {
  json::error_code ec;
  auto value = json::parse(text, ec);
  return ec ? json::value(text) : value;
}

bool read(const CommandLine& line, Options& options) {
  const auto& a = line.arguments;
  for (std::size_t i = 1; i < a.size(); ++i) {
    if (a[i] == "--json") {
      options.json = true;
    } else if (a[i] == "--static") {
      options.wishes.run = false;
    } else if (a[i].empty() || a[i][0] != '-') {
      options.files.push_back(a[i]);
    } else if (++i == a.size()) {
      return false;
    } else if (a[i - 1] == "--allow") {
      options.wishes.further_libraries.insert(a[i]);
    } else if (a[i - 1] == "--migrations") {
      options.wishes.migrations = a[i];
    } else if (const auto equals = a[i].find('='); a[i - 1] == "--with" && equals != std::string::npos) {
      options.wishes.settings[a[i].substr(0, equals)] = value_of(a[i].substr(equals + 1));
    } else {
      return false;
    }
  }
  return !options.files.empty();
}

}  // namespace

int validate(const CommandLine& line) {
  Options options;
  if (!read(line, options)) return std::cerr << kValidateUsage, 2;
  if (options.wishes.migrations.empty())
    options.wishes.all_migrations = line.source->find("migrations.path").value_or("migrations");
  int worst = 0;
  json::array reports;
  for (const auto& file : options.files) {
    try {
      const auto report = validator::validate(file, options.wishes);
      if (options.json)
        reports.push_back(report.json());
      else
        std::cout << report.text();
      if (report.refused()) worst = std::max(worst, 1);
    } catch (const portico::Problem& problem) {
      std::cerr << fmt::format("{}: {}: {}\n", file, problem.code, problem.detail);
      worst = 2;
    }
  }
  if (options.json) std::cout << json::serialize(reports) << "\n";
  return worst;
}

}  // namespace kernel::commands
