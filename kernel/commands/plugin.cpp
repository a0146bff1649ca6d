// portico plugin list and portico plugin validate.
#include <fmt/format.h>

#include <iostream>
#include <portico/problem.hpp>

#include "kernel/commands/commands.hpp"
#include "kernel/config/settings.hpp"
#include "kernel/loader/loader.hpp"
#include "kernel/loader/note.hpp"
#include "kernel/loader/plugin_config.hpp"

namespace kernel::commands {

namespace {

int list(const CommandLine& line) {
  const auto settings = config::Settings::read(*line.source);
  loader::Loader loader({settings.plugin_path, settings.cache_path}, *line.source);
  loader.discover();
  for (const auto& plugin : loader.plugins()) {
    const bool enabled = loader::is_enabled(plugin->id(), *line.source);
    const auto state = !enabled                   ? std::string_view("disabled")
                       : plugin->reason().empty() ? std::string_view("enabled")
                                                  : loader::to_string(plugin->state());
    std::cout << fmt::format("{:<16}{:<10}{:<10}{}\n", plugin->id(), plugin->manifest.version, state,
                             enabled ? plugin->reason() : "");
  }
  for (const auto& file : loader.refused_files())
    std::cout << fmt::format("{}: {}: {}\n", file.file.string(), file.code, file.reason);
  return 0;
}

int validate(const std::vector<std::string>& files) {
  int failed = 0;
  for (const auto& file : files) {
    try {
      const auto manifest = loader::Manifest::parse(loader::read_note(std::filesystem::path(file)));
      std::cout << fmt::format("{}: {} {} (ABI {}.{}), {} routes, {} operations provided\n", file,
                               manifest.id, manifest.version, manifest.abi_major, manifest.abi_min_minor,
                               manifest.routes.size(), manifest.operations_provided.size());
    } catch (const portico::Problem& problem) {
      std::cout << fmt::format("{}: refused: {}: {}\n", file, problem.code, problem.detail);
      ++failed;
    }
  }
  return failed ? 1 : 0;
}

}  // namespace

int plugin(const CommandLine& line) {
  const auto& a = line.arguments;
  if (a.size() == 1 && a[0] == "list") return list(line);
  if (a.size() > 1 && a[0] == "validate") return validate({a.begin() + 1, a.end()});
  std::cerr << "portico plugin list\nportico plugin validate FILE…\n";
  return 2;
}

}  // namespace kernel::commands
