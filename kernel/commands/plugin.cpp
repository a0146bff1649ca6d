// portico plugin …, and portico reload.
#include <fmt/format.h>

#include <iostream>
#include <portico/problem.hpp>

#include "kernel/commands/commands.hpp"
#include "kernel/commands/control.hpp"
#include "kernel/commands/install.hpp"
#include "kernel/commands/new_plugin.hpp"
#include "kernel/commands/plugin_report.hpp"
#include "kernel/commands/quarantine.hpp"
#include "kernel/commands/validate.hpp"
#include "kernel/config/settings.hpp"
#include "kernel/loader/loader.hpp"

namespace kernel::commands {

namespace json = boost::json;

namespace {

void print_row(const json::object& row) {
  const auto text = [&](const char* member) { return std::string(row.at(member).as_string()); };
  std::cout << fmt::format("{:<20}{:<10}{:<13}{}\n", text("id"), text("version"), text("state"),
                           text("reason"));
}

/// What the running host says; where none runs, what the files and the settings say.
json::object ask_or_look(const CommandLine& line) {
  const auto settings = config::Settings::read(*line.source);
  try {
    return ask_host(settings, {{"command", "list"}});
  } catch (const portico::Problem& problem) {
    if (problem.code != "control.no_host") throw;
    std::cerr << "No host is running; this is what the files and the settings say.\n";
  }
  const loader::Loader loader({settings.plugin_path, settings.cache_path});
  return describe_plugins(loader.discover(*line.source), {});
}

int list(const CommandLine& line) {
  const auto all = ask_or_look(line);
  if (line.arguments.size() > 1) return std::cout << all << "\n", 0;  // --json
  for (const auto& row : all.at("plugins").as_array()) print_row(row.as_object());
  for (const auto& row : all.at("draining").as_array()) print_row(row.as_object());
  for (const auto& row : all.at("refused_files").as_array())
    std::cout << fmt::format("{}: {}: {}\n", row.at("file").as_string().c_str(),
                             row.at("code").as_string().c_str(), row.at("reason").as_string().c_str());
  return 0;
}

std::string joined(const json::value& list) {
  std::string out;
  for (const auto& item : list.as_array()) out += (out.empty() ? "" : ", ") + std::string(item.as_string());
  return out.empty() ? "nothing" : out;
}

int why(const CommandLine& line) {
  const auto settings = config::Settings::read(*line.source);
  const auto found = ask_host(settings, {{"command", "why"}, {"id", line.arguments[1]}});
  if (line.arguments.size() > 2) return std::cout << found << "\n", 0;
  for (const auto& instance : found.at("instances").as_array()) {
    const auto& row = instance.as_object();
    print_row(row);
    std::cout << "  needs:     " << joined(row.at("needs"))
              << "\n  needed by: " << joined(row.at("needed_by"))
              << "\n  uses:      " << (row.at("uses").as_array().empty() ? "nothing" : "");
    for (const auto& use : row.at("uses").as_array())
      std::cout << fmt::format(
          "\n    {} of {}{}", use.at("operation").as_string().c_str(),
          use.at("provider").is_null() ? "nobody" : use.at("provider").as_string().c_str(),
          use.at("optional").as_bool() ? " (optional)" : "");
    std::cout << "\n  holds:     " << (row.at("holdings").as_array().empty() ? "nothing\n" : "\n");
    for (const auto& line_of : row.at("holdings").as_array())
      std::cout << fmt::format("    {:<10} {:<40} {:>8} ms  {}\n", line_of.at("kind").as_string().c_str(),
                               line_of.at("place").as_string().c_str(),
                               json::value_to<std::int64_t>(line_of.at("age_ms")),
                               line_of.at("correlation_id").as_string().c_str());
  }
  return 0;
}

int top(const CommandLine& line) {
  const auto settings = config::Settings::read(*line.source);
  const auto costs = ask_host(settings, {{"command", "top"}});
  if (line.arguments.size() > 1) return std::cout << costs << "\n", 0;
  constexpr const char* kColumns[] = {"calls",          "errors",   "processor_ms", "database_ms",
                                      "outbound_calls", "bytes_in", "bytes_out",    "holds"};
  std::cout << fmt::format("{:<20}", "id");
  for (const char* column : kColumns) std::cout << fmt::format("{:>15}", column);
  std::cout << "\n";
  for (const auto& row : costs.at("plugins").as_array()) {
    std::cout << fmt::format("{:<20}", row.at("id").as_string().c_str());
    for (const char* column : kColumns)
      std::cout << fmt::format("{:>15}", json::value_to<std::int64_t>(row.at(column)));
    std::cout << "\n";
  }
  return 0;
}

constexpr const char* kUsage =
    "portico plugin list [--json]      every plugin, its state and why\n"
    "portico plugin why ID [--json]    what a plugin holds, needs and is needed by\n"
    "portico plugin top [--json]       what each has cost since it started\n"
    "portico plugin lifecycle          the table of states\n";

}  // namespace

int plugin(const CommandLine& line) {
  const auto& a = line.arguments;
  const auto is = [&](const char* word, std::size_t least) {
    return a.size() >= least && a[0] == word &&
           (a.size() == least || (a.size() == least + 1 && a.back() == "--json"));
  };
  if (is("list", 1)) return list(line);
  if (is("why", 2)) return why(line);
  if (is("top", 1)) return top(line);
  if (a.size() == 1 && a[0] == "lifecycle") return std::cout << loader::lifecycle_in_markdown(), 0;
  if (!a.empty() && a[0] == "validate") return validate(line);
  if (!a.empty() && a[0] == "bundle") return bundle(line);
  if (!a.empty() && a[0] == "install") return install(line);
  if (!a.empty() && a[0] == "rollback") return rollback(line);
  if (!a.empty() && a[0] == "remove") return remove(line);
  if (!a.empty() && a[0] == "quarantine") return quarantine(line);
  if (!a.empty() && a[0] == "scan") return scan(line);
  if (!a.empty() && a[0] == "new") return new_plugin(line);
  std::cerr << kUsage << kInstallUsage << kValidateUsage << kQuarantineUsage
            << "portico plugin new ID [--c | --rust] [--into DIR]\n";
  return 2;
}

int reload(const CommandLine& line) {
  if (!line.arguments.empty()) return std::cerr << "portico reload\n", 2;
  if (line.overridden)
    std::cerr
        << "--set is heard by this command alone (where the host's socket is): the host reads its files, its "
           "own environment and command line again\n";
  const auto done = ask_host(config::Settings::read(*line.source), {{"command", "reload"}});
  for (const char* member : {"started", "replaced", "stopped", "kept", "still_draining"})
    if (!done.at(member).as_array().empty())
      std::cout << fmt::format("{:<15} {}\n", member, joined(done.at(member)));
  if (const auto& keys = done.at("at_next_start"); !keys.as_array().empty())
    std::cout << "these settings are read at the next start only: " << joined(keys) << "\n";
  return 0;
}

}  // namespace kernel::commands
