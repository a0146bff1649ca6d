// The running host: its parts in the order they need each other.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "kernel/cache/cache.hpp"
#include "kernel/cache/rate_limit.hpp"
#include "kernel/cache/redis.hpp"
#include "kernel/commands/changes.hpp"
#include "kernel/config/settings.hpp"
#include "kernel/extensions/plugin_streams.hpp"
#include "kernel/extensions/services.hpp"
#include "kernel/front/reactor.hpp"
#include "kernel/loader/loader.hpp"
#include "kernel/policy/publication.hpp"
#include "kernel/work/job_runner.hpp"
#include "kernel/work/scheduler.hpp"
#include "kernel/work/time_zone.hpp"
#include "kernel/work/workflow_engine.hpp"

namespace kernel::commands {

class Host {
 public:
  using ReadAgain = std::function<std::shared_ptr<const config::Source>()>;

  /// read_again: the configuration for a reload; empty where none is offered.
  Host(const config::Settings& settings, const config::Source& source, ReadAgain read_again = {});
  ~Host();

  /// Loads and starts the plugins. errors: those of discovery and publication; plugins that fail are
  /// reported, the rest run
  void start_plugins();

  /// Listens; afterwards /readyz says yes.
  void listen();

  /// Readiness off; new requests are still taken for http.drain_notice_ms, so that whoever spreads the
  /// traffic hears of it. Then the last answers, then everything in reverse. Repeatable.
  void stop();

  /// Reads certificate and key anew; what cannot be used changes nothing and is logged. No-op without TLS.
  void reload_certificate() noexcept;
  /// The same where the files have changed since.
  void look_at_certificate() noexcept;

  /// Brings the running plugins in line with the files and this configuration: starts, replaces, stops. All
  /// of it or, with the reason, nothing. Waits until what was replaced has ended, or plugins.drain_ms has
  /// passed.
  ///
  /// errors    409 plugin.change_under_way; 422 plugin.reload_refused; 500 config.invalid
  Changes reload();

  /// Ends what was still held when a reload stopped waiting for it, where that has ended since.
  void look_at_draining();

  /// Answers the command line: {"command": "list" | "why" | "top" | "reload" | "upstreams", "id"?} or
  /// {"command": "isolate" | "restore", "name"}
  boost::json::object answer(const boost::json::object& question);

  std::uint16_t port() const { return front_ ? front_->port() : 0; }
  /// As of now; the instances are shared.
  loader::Lineup lineup() const;
  /// Instances that were replaced or disabled and have not ended yet.
  std::vector<loader::PluginPtr> draining() const;
  std::shared_ptr<const policy::Published> published() const { return pipeline_.published(); }

 private:
  std::vector<policy::BuiltinRoute> builtins();
  void audit(policy::Call& call, int status);
  front::Response health();
  boost::json::object upstreams() const;

  void begin(const std::vector<loader::PluginPtr>& plugins);
  void undo(const loader::Lineup& next, const loader::Lineup& before);
  void end(std::vector<loader::PluginPtr> plugins, Changes& changes);
  void end_drained();

  const config::Settings& settings_;
  const config::Source& source_;
  const ReadAgain read_again_;
  const loader::Loader loader_;
  std::mutex reloading_;      // by the one reload that runs; a second is refused
  std::mutex changing_;       // by what changes the lineup or ends plugins
  mutable std::mutex mutex_;  // of the next three
  loader::Lineup lineup_;
  std::vector<loader::PluginPtr> draining_;
  std::vector<std::weak_ptr<const policy::Published>> earlier_;  // snapshots that requests may still hold
  std::size_t retired_bytes_ = 0;
  extensions::Seal seal_;
  database::Pool database_;
  cache::Redis redis_;
  cache::Cache cache_;
  cache::RateLimiter limiter_;
  outbound::Outbound outbound_;
  outbound::rpc::Channels channels_;
  extensions::PluginStreams channel_streams_;
  policy::Pipeline pipeline_;
  work::MailQueue mail_;
  const work::TimeZone zone_;
  work::Scheduler scheduler_;
  work::JobRunner jobs_;
  work::WorkflowEngine workflows_;
  extensions::Services services_;
  std::unique_ptr<front::Front> front_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> stopping_{false};
  bool stopped_ = false;
};

}  // namespace kernel::commands
