// The table of plugins and its walk from file to active.
#include "kernel/loader/loader.hpp"

#include <portico/problem.hpp>

#include "kernel/config/suggestion.hpp"
#include "kernel/loader/dependencies.hpp"
#include "kernel/loader/library.hpp"
#include "kernel/loader/note.hpp"
#include "kernel/loader/plugin_config.hpp"
#include "kernel/loader/quarantine.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::loader {

using observe::Level;
using portico::Problem;

namespace {

std::vector<std::filesystem::path> plugin_folders(const std::filesystem::path& root) {
  std::error_code ec;
  std::vector<std::filesystem::path> folders;
  for (std::filesystem::directory_iterator it(root, ec), end; !ec && it != end; it.increment(ec))
    if (std::filesystem::exists(it->path() / "plugin.so")) folders.push_back(it->path());
  if (ec) throw Problem(500, "config.invalid", "plugins.path: " + root.string() + ": " + ec.message());
  std::sort(folders.begin(), folders.end());
  return folders;
}

PluginPtr read_plugin(const std::filesystem::path& folder) {
  auto manifest = Manifest::parse(read_note(folder / "plugin.so"));
  if (manifest.id != folder.filename())
    throw Problem(422, "plugin.wrong_folder", "id is " + manifest.id + ", so the folder must be called that");
  if (manifest.abi_major != PORTICO_ABI_MAJOR || manifest.abi_min_minor > PORTICO_ABI_MINOR)
    throw Problem(422, "plugin.wrong_abi",
                  "wants ABI " + std::to_string(manifest.abi_major) + "." +
                      std::to_string(manifest.abi_min_minor) + ", this host offers " +
                      std::to_string(PORTICO_ABI_MAJOR) + "." + std::to_string(PORTICO_ABI_MINOR));
  auto plugin = std::make_shared<Plugin>(folder, std::move(manifest));
  plugin->advance(Step::verify);
  return plugin;
}

/// "plugins.biling.enabled" is a mistake to be told, not a plugin that is left out.
void refuse_unknown_plugins(const Lineup& lineup, const config::Source& source,
                            const std::filesystem::path& root) {
  std::vector<std::string> ids;
  for (const auto& plugin : lineup.plugins) ids.push_back(plugin->id());
  // A file that is refused is told as that; it is no reason not to serve the others.
  for (const auto& refusal : lineup.refused_files) ids.push_back(refusal.file.parent_path().filename());
  for (const auto& [key, origin] : source.origins()) {
    if (key.rfind("plugins.", 0) != 0 || std::count(key.begin(), key.end(), '.') < 2) continue;
    const auto id = key.substr(8, key.find('.', 8) - 8);
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) continue;
    if (source.find("plugins." + id + ".enabled").value_or("false") != "true")
      continue;  // the settings of one not installed
    const auto hint = config::nearest(id, ids);
    throw Problem(500, "config.invalid",
                  key + " in " + origin + ": no plugin '" + id + "' in " + root.string() +
                      (hint.empty() ? "" : "; did you mean '" + hint + "'?"));
  }
}

}  // namespace

PluginPtr Lineup::find(const std::string& id) const {
  for (const auto& plugin : plugins)
    if (plugin->id() == id) return plugin;
  return nullptr;
}

std::vector<PluginPtr> Lineup::started() const {
  std::vector<PluginPtr> out;
  for (const auto& plugin : order)
    if (plugin->state() == State::starting || serves(plugin->state())) out.push_back(plugin);
  return out;
}

std::vector<PluginPtr> Lineup::refused() const {
  std::vector<PluginPtr> out;
  for (const auto& plugin : plugins)
    if (is_refused(plugin->state())) out.push_back(plugin);
  return out;
}

Loader::Loader(LoaderSettings settings) : settings_(std::move(settings)) {
  if (settings_.cache.empty()) settings_.cache = std::filesystem::temp_directory_path() / "portico-plugins";
}

Lineup Loader::discover(const config::Source& source) const {
  Lineup lineup;
  for (const auto& folder : plugin_folders(settings_.plugins)) {
    try {
      lineup.plugins.push_back(read_plugin(folder));
    } catch (const Problem& problem) {
      lineup.refused_files.push_back({folder / "plugin.so", problem.code, problem.detail});
    }
  }
  refuse_unknown_plugins(lineup, source, settings_.plugins);
  std::map<std::string, Manifest> enabled, disabled;
  for (const auto& plugin : lineup.plugins) {
    const bool wanted = is_enabled(plugin->id(), source);
    (wanted ? enabled : disabled).emplace(plugin->id(), plugin->manifest);
    if (!wanted) plugin->advance(Step::leave_out);
  }
  auto resolution = resolve(enabled, disabled);
  for (const auto& [id, reason] : resolution.refusals) lineup.find(id)->advance(Step::refuse, reason);
  for (const auto& id : resolution.order) {
    auto plugin = lineup.find(id);
    try {
      plugin->config = read_plugin_config(plugin->manifest, source);
      plugin->advance(Step::resolve);
      lineup.order.push_back(std::move(plugin));
    } catch (const Problem& problem) {
      plugin->advance(Step::refuse, problem.detail);
    }
  }
  return lineup;
}

void Loader::start(Lineup& lineup, extensions::Services& services, const HostTable& table) const {
  Library::remove_abandoned_copies(settings_.cache);
  const Quarantine quarantine(settings_.cache / "quarantine");
  quarantine.take_over_marks();
  std::map<std::string, std::string> missing;  // operation → why its provider is not there
  for (const auto& plugin : lineup.refused())
    for (const auto& operation : plugin->manifest.operations_provided)
      missing.emplace(operation, plugin->id());
  for (const auto& plugin : lineup.order) {
    if (plugin->state() != State::resolved) continue;  // runs already
    plugin->services = &services;
    try {
      for (const auto& operation : plugin->manifest.operations_required)
        if (const auto it = missing.find(operation); it != missing.end())
          throw Problem(422, "plugin.dependency_missing",
                        "needs operation " + operation + " of " + it->second +
                            ", which did not start: " + lineup.find(it->second)->reason());
      const auto sha256 = sha256_of(plugin->folder / "plugin.so");
      quarantine.admit(plugin->folder / "plugin.so", sha256, plugin->id(), settings_.scanner);
      Quarantine::Mark mark(quarantine, sha256, plugin->id());
      plugin->load(settings_.cache, table.extension, table.release);
      plugin->start();
      mark.survived();
    } catch (const Problem& problem) {
      const auto& reason = problem.detail.empty() ? problem.code : problem.detail;
      if (problem.code == "plugin.quarantined")
        plugin->advance(Step::block, reason);
      else
        plugin->fail(reason);
      for (const auto& operation : plugin->manifest.operations_provided)
        missing.emplace(operation, plugin->id());
    }
  }
}

void publish(Lineup& lineup) {
  for (const auto& plugin : lineup.order) {
    if (plugin->state() != State::starting) continue;
    plugin->publish();
    observe::log(Level::info, "loader", "plugin started",
                 {{"plugin", plugin->id()}, {"version", plugin->manifest.version}});
  }
  for (const auto& plugin : lineup.refused())
    observe::log(
        Level::error, "loader", "plugin refused",
        {{"plugin", plugin->id()}, {"state", to_string(plugin->state())}, {"reason", plugin->reason()}});
  for (const auto& refusal : lineup.refused_files)
    observe::log(Level::error, "loader", "file refused",
                 {{"file", refusal.file.string()}, {"code", refusal.code}, {"reason", refusal.reason}});
}

void stop(Lineup& lineup) {
  for (auto it = lineup.order.rbegin(); it != lineup.order.rend(); ++it) {
    (*it)->stop();
    (*it)->retire();
  }
}

}  // namespace kernel::loader
