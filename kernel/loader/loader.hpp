// Finds plugins, decides which may start, and starts them in order.
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
  std::filesystem::path scanner;  // whose "plugin scan FILE" opens what was never seen; empty: nobody does
};

using PluginPtr = std::shared_ptr<Plugin>;

/// The plugins of one configuration.
struct Lineup {
  /// Files that are no plugins, and why.
  struct Refusal {
    std::filesystem::path file;
    std::string code, reason;
  };
  std::vector<PluginPtr> plugins;  // every one found, by id
  std::vector<PluginPtr> order;    // those that are to run, providers before those that need them
  std::vector<Refusal> refused_files;

  PluginPtr find(const std::string& id) const;
  /// In order: those that started, published or not yet.
  std::vector<PluginPtr> started() const;
  /// An enabled plugin was refused, with its reason. Empty: none.
  std::vector<PluginPtr> refused() const;
};

class Loader {
 public:
  explicit Loader(LoaderSettings settings);

  /// Reads every note; no plugin code runs. What is enabled and cannot be started is refused with a reason.
  ///
  /// errors    500 config.invalid, a plugin that is enabled and not there
  Lineup discover(const config::Source& source) const;

  /// Loads and starts those of the order that are not running yet, each with the host's services; what they
  /// register stays a draft. One that fails is undone and what needs it is refused; the others start.
  void start(Lineup& lineup, extensions::Services& services, const HostTable& table) const;

  const LoaderSettings& settings() const { return settings_; }

 private:
  LoaderSettings settings_;
};

/// Makes the drafts of all that started be what is published; logs them and what was refused.
void publish(Lineup& lineup);

/// Reverse order; repeatable.
void stop(Lineup& lineup);

}  // namespace kernel::loader
