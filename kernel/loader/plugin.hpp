// One instance of a plugin in the host: its manifest, its library, its workers, what it registered, what it
// holds, and its state.
#pragma once

#include <portico/abi/plugin.h>

#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "kernel/loader/lane.hpp"
#include "kernel/loader/ledger.hpp"
#include "kernel/loader/lifecycle.hpp"
#include "kernel/loader/manifest.hpp"
#include "kernel/loader/registrations.hpp"
#include "kernel/loader/usage.hpp"
#include "kernel/observe/health.hpp"

namespace kernel::extensions {
struct Services;
}

namespace kernel::loader {

class Library;

/// Two instances of one id live beside each other while a new version takes over. Shared by the snapshot of
/// what is published, so that an old instance ends only after the last request that found it.
class Plugin : public std::enable_shared_from_this<Plugin> {
 public:
  Plugin(std::filesystem::path folder, Manifest manifest);
  ~Plugin();
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  const Manifest manifest;
  const std::filesystem::path folder;  // holds plugin.so and web/

  boost::json::object config;  // not changed after it was resolved
  extensions::Services* services = nullptr;
  Registrations registrations;
  Ledger ledger;
  Usage usage;

  const std::string& id() const { return manifest.id; }
  State state() const { return state_.load(std::memory_order_acquire); }
  std::string reason() const;
  /// Moves along the lifecycle table. errors: 500 plugin.lifecycle, a row that does not exist
  void advance(Step step, std::string reason = {});
  /// The same where the table has that row; else nothing. returns: whether it had.
  bool advance_if_possible(Step step, std::string reason = {});

  /// While it starts beside the version that serves: its upstreams then have names of their own.
  std::atomic<bool> beside{false};

  /// While start runs: only then may it register.
  bool registering() const { return registering_; }

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
  void publish();

  /// Something it did before it was published went wrong: undone, with the reason kept.
  void fail(std::string reason);

  /// Nothing new is let in; whoever asks whether a call is cancelled hears yes after cancel().
  void drain(std::string reason);
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

  /// Joins the workers, then stop and destroy. Blocks until what runs has ended. Repeatable.
  void stop();

  /// After stop: gives the image up, mapped or (class "unloadable") unmapped with proof. Repeatable.
  void retire();
  /// What the plugin says of itself; degraded while one of its checks is not ok. Seen by others from
  /// publication on.
  void report_health(const std::string& check, observe::HealthState state, const std::string& reason);
  /// The reason of a check that has failed; empty: none has.
  std::string failed_check() const;
  /// Takes back what it reported, but for what the one that took over reports as well.
  void forget_health(const Plugin* successor = nullptr);

  /// Bytes of an image that stayed mapped after retire() or fail().
  std::size_t retired_bytes() const { return retired_bytes_; }

  /// Null for a lane that the manifest does not name.
  Lane* lane(const std::string& name);

  /// Of its workers, so far; nearly all of it is the plugin's.
  std::chrono::microseconds processor_time() const;

  const portico_host& host() const { return host_; }
  /// SHA-256 of the library in hexadecimal; empty before load.
  const std::string& sha256() const { return sha256_; }
  bool declares_extension(std::string_view id) const;

 private:
  struct Check {
    observe::HealthState state;
    std::string reason;
  };

  void end_instance();
  bool give_image_up();

  std::atomic<State> state_{State::discovered};
  mutable std::mutex mutex_;  // of the texts and the lanes, which other threads read
  std::string reason_;
  std::string sha256_;
  std::map<std::string, Check> checks_;
  portico_host host_{};
  portico_plugin* instance_ = nullptr;
  bool registering_ = false;
  bool started_ = false;
  std::atomic<bool> cancelled_{false};
  std::size_t retired_bytes_ = 0;
  std::chrono::microseconds ended_processor_time_{0};
  std::unique_ptr<Library> library_;
  std::map<std::string, std::unique_ptr<Lane>> lanes_;
};

}  // namespace kernel::loader
