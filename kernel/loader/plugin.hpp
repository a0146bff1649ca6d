// One plugin in the host: its manifest, its library, its workers, what it registered, and its state.
#pragma once

#include <portico/abi/plugin.h>

#include <atomic>
#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "kernel/loader/lane.hpp"
#include "kernel/loader/manifest.hpp"
#include "kernel/loader/registrations.hpp"

namespace kernel::extensions {
struct Services;
}

namespace kernel::loader {

class Library;

/// The part of the lifecycle that exists so far; the names are those of the whole table.
enum class State { discovered, verified, resolved, loaded, starting, active, stopped, rejected, failed };
std::string_view to_string(State state);

class Plugin {
 public:
  Plugin(std::filesystem::path folder, Manifest manifest);
  ~Plugin();
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  const Manifest manifest;
  const std::filesystem::path folder;  // holds plugin.so and web/

  boost::json::object config;
  extensions::Services* services = nullptr;
  Registrations registrations;

  const std::string& id() const { return manifest.id; }
  State state() const { return state_; }
  const std::string& reason() const { return reason_; }
  void refuse(State state, std::string reason);
  bool registering() const { return state_ == State::starting; }

  /// Opens a private copy of the library and asks the plugin to create itself.
  /// errors    422 plugin.*; 500 plugin.create_failed
  void load(const std::filesystem::path& cache,
            const void* (*find_extension)(const portico_host*, const char*),
            void (*release)(const portico_host*, portico_handle));

  /// The workers of the manifest's lanes, and one for tasks.
  void open_lanes();

  /// Opens the lanes and calls start; what it registers stays a draft. errors: 500 plugin.start_failed, or
  /// the plugin's own problem.
  void start();
  void publish() { state_ = State::active; }

  /// Joins the workers, then stop and destroy. Repeatable.
  void stop();

  /// Null for a lane that the manifest does not name.
  Lane* lane(const std::string& name);

  const portico_host& host() const { return host_; }
  bool declares_extension(std::string_view id) const;

  /// Calls into the plugin that are under way; the gate counts.
  std::atomic<std::int64_t> inside{0};

 private:
  State state_ = State::verified;
  std::string reason_;
  portico_host host_{};
  portico_plugin* instance_ = nullptr;
  bool started_ = false;
  std::unique_ptr<Library> library_;
  std::map<std::string, std::unique_ptr<Lane>> lanes_;
};

}  // namespace kernel::loader
