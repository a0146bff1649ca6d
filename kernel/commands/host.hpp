// The running host: its parts in the order they need each other.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "kernel/cache/cache.hpp"
#include "kernel/cache/rate_limit.hpp"
#include "kernel/cache/redis.hpp"
#include "kernel/config/settings.hpp"
#include "kernel/extensions/services.hpp"
#include "kernel/front/reactor.hpp"
#include "kernel/loader/loader.hpp"
#include "kernel/policy/publication.hpp"
#include "kernel/work/scheduler.hpp"

namespace kernel::commands {

class Host {
 public:
  Host(const config::Settings& settings, const config::Source& source);
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

  std::uint16_t port() const { return front_ ? front_->port() : 0; }
  const loader::Loader& loader() const { return loader_; }
  std::shared_ptr<const policy::Published> published() const { return pipeline_.published(); }

 private:
  std::vector<policy::BuiltinRoute> builtins();
  void audit(policy::Call& call, int status);
  front::Response health();

  const config::Settings& settings_;
  loader::Loader loader_;
  extensions::Seal seal_;
  database::Pool database_;
  cache::Redis redis_;
  cache::Cache cache_;
  cache::RateLimiter limiter_;
  outbound::Outbound outbound_;
  policy::Pipeline pipeline_;
  work::MailQueue mail_;
  work::Scheduler scheduler_;
  extensions::Services services_;
  std::unique_ptr<front::Front> front_;
  std::atomic<bool> ready_{false};
  bool stopped_ = false;
};

}  // namespace kernel::commands
