// The table of plugins and its walk from file to active.
#include "kernel/loader/loader.hpp"

#include <portico/problem.hpp>

#include "kernel/config/suggestion.hpp"
#include "kernel/loader/dependencies.hpp"
#include "kernel/loader/note.hpp"
#include "kernel/loader/plugin_config.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::loader {

using observe::Level;
using portico::Problem;

Loader::Loader(LoaderSettings settings, const config::Source& source)
    : settings_(std::move(settings)), source_(source) {
  if (settings_.cache.empty()) settings_.cache = std::filesystem::temp_directory_path() / "portico-plugins";
}

Loader::~Loader() {
  stop();
}

void Loader::discover() {
  std::error_code ec;
  std::vector<std::filesystem::path> folders;
  for (std::filesystem::directory_iterator it(settings_.plugins, ec), end; !ec && it != end; it.increment(ec))
    if (std::filesystem::exists(it->path() / "plugin.so")) folders.push_back(it->path());
  if (ec)
    throw Problem(500, "config.invalid", "plugins.path: " + settings_.plugins.string() + ": " + ec.message());
  std::sort(folders.begin(), folders.end());
  for (const auto& folder : folders) {
    const auto file = folder / "plugin.so";
    try {
      auto manifest = Manifest::parse(read_note(file));
      if (manifest.id != folder.filename())
        throw Problem(422, "plugin.wrong_folder",
                      "id is " + manifest.id + ", so the folder must be called that");
      if (manifest.abi_major != PORTICO_ABI_MAJOR || manifest.abi_min_minor > PORTICO_ABI_MINOR)
        throw Problem(422, "plugin.wrong_abi",
                      "wants ABI " + std::to_string(manifest.abi_major) + "." +
                          std::to_string(manifest.abi_min_minor) + ", this host offers " +
                          std::to_string(PORTICO_ABI_MAJOR) + "." + std::to_string(PORTICO_ABI_MINOR));
      plugins_.push_back(std::make_unique<Plugin>(folder, std::move(manifest)));
    } catch (const Problem& problem) {
      refused_files_.push_back({file, problem.code, problem.detail});
    }
  }
  std::map<std::string, Manifest> enabled, disabled;
  std::vector<std::string> ids;
  for (const auto& plugin : plugins_) {
    ids.push_back(plugin->id());
    (is_enabled(plugin->id(), source_) ? enabled : disabled).emplace(plugin->id(), plugin->manifest);
  }
  for (const auto& [key, origin] : source_.origins()) {  // "plugins.biling.enabled"
    if (key.rfind("plugins.", 0) != 0 || key == "plugins.path" || key == "plugins.cache_path") continue;
    const auto id = key.substr(8, key.find('.', 8) - 8);
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) continue;
    if (source_.find("plugins." + id + ".enabled").value_or("false") != "true")
      continue;  // the settings of one not installed
    const auto hint = config::nearest(id, ids);
    throw Problem(500, "config.invalid",
                  key + " in " + origin + ": no plugin '" + id + "' in " + settings_.plugins.string() +
                      (hint.empty() ? "" : "; did you mean '" + hint + "'?"));
  }
  auto resolution = resolve(enabled, disabled);
  for (const auto& [id, reason] : resolution.refusals) find(id)->refuse(State::rejected, reason);
  for (const auto& id : resolution.order) {
    auto* plugin = find(id);
    try {
      plugin->config = read_plugin_config(plugin->manifest, source_);
      order_.push_back(plugin);
    } catch (const Problem& problem) {
      plugin->refuse(State::rejected, problem.detail);
    }
  }
}

Plugin* Loader::find(const std::string& id) const {
  for (const auto& plugin : plugins_)
    if (plugin->id() == id) return plugin.get();
  return nullptr;
}

std::vector<Plugin*> Loader::active() const {
  std::vector<Plugin*> out;
  for (auto* plugin : order_)
    if (plugin->state() == State::active) out.push_back(plugin);
  return out;
}

bool Loader::incomplete() const {
  return std::any_of(plugins_.begin(), plugins_.end(), [&](const auto& plugin) {
    return is_enabled(plugin->id(), source_) && plugin->state() != State::active;
  });
}

void Loader::start(extensions::Services& services, const HostTable& table) {
  std::map<std::string, std::string> missing;  // operation → why its provider is not there
  for (const auto& plugin : plugins_)
    if (plugin->state() == State::rejected)
      for (const auto& operation : plugin->manifest.operations_provided)
        missing.emplace(operation, plugin->id());
  for (auto* plugin : order_) {
    plugin->services = &services;
    try {
      for (const auto& operation : plugin->manifest.operations_required)
        if (const auto it = missing.find(operation); it != missing.end())
          throw Problem(422, "plugin.dependency_missing",
                        "needs operation " + operation + " of " + it->second +
                            ", which did not start: " + find(it->second)->reason());
      plugin->load(settings_.cache, table.extension, table.release);
      plugin->start();
      plugin->publish();
      observe::log(Level::info, "loader", "plugin started",
                   {{"plugin", plugin->id()}, {"version", plugin->manifest.version}});
    } catch (const Problem& problem) {
      plugin->stop();
      plugin->refuse(State::failed, problem.detail.empty() ? problem.code : problem.detail);
      for (const auto& operation : plugin->manifest.operations_provided)
        missing.emplace(operation, plugin->id());
    }
  }
  for (const auto& plugin : plugins_)
    if (plugin->state() == State::rejected || plugin->state() == State::failed)
      observe::log(
          Level::error, "loader", "plugin refused",
          {{"plugin", plugin->id()}, {"state", to_string(plugin->state())}, {"reason", plugin->reason()}});
  for (const auto& refusal : refused_files_)
    observe::log(Level::error, "loader", "file refused",
                 {{"file", refusal.file.string()}, {"code", refusal.code}, {"reason", refusal.reason}});
}

void Loader::stop() {
  for (auto it = order_.rbegin(); it != order_.rend(); ++it) (*it)->stop();
  order_.clear();
}

}  // namespace kernel::loader
