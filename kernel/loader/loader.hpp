// Finds plugins, decides which may start, starts them in order, and stops them in reverse.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "kernel/config/source.hpp"
#include "kernel/loader/plugin.hpp"

namespace kernel::loader {

/// What every plugin gets of the host: extension tables by id, and leases given back.
struct HostTable {
  const void* (*extension)(const portico_host*, const char*);
  void (*release)(const portico_host*, portico_handle);
};

struct LoaderSettings {
  std::filesystem::path plugins;  // <id>/plugin.so
  std::filesystem::path cache;    // for private copies; empty: the system's temporary folder
};

class Loader {
 public:
  Loader(LoaderSettings settings, const config::Source& source);
  ~Loader();

  /// Reads every note; no plugin code runs. Enabled plugins that cannot be started are refused with a reason.
  void discover();

  /// Loads and starts what is enabled and resolved, each with the host's services. A plugin that fails is
  /// undone and what needs it is refused; the others start.
  void start(extensions::Services& services, const HostTable& table);

  /// Reverse order; repeatable.
  void stop();

  /// Every plugin found, by id.
  const std::vector<std::unique_ptr<Plugin>>& plugins() const { return plugins_; }
  std::vector<Plugin*> active() const;

  /// Files that are no plugins, and why.
  struct Refusal {
    std::filesystem::path file;
    std::string code, reason;
  };
  const std::vector<Refusal>& refused_files() const { return refused_files_; }

  /// True when an enabled plugin did not become active.
  bool incomplete() const;

 private:
  Plugin* find(const std::string& id) const;

  LoaderSettings settings_;
  const config::Source& source_;
  std::vector<std::unique_ptr<Plugin>> plugins_;
  std::vector<Plugin*> order_;
  std::vector<Refusal> refused_files_;
};

}  // namespace kernel::loader
