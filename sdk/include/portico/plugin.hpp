// Everything a plugin author includes: the Plugin base, the Host, and PORTICO_PLUGIN.
#pragma once

#include <portico/abi/plugin.h>

#include <portico/cache.hpp>
#include <portico/channels.hpp>
#include <portico/events.hpp>
#include <portico/operations.hpp>
#include <portico/outbound.hpp>
#include <portico/services.hpp>
#include <portico/tasks.hpp>
#include <portico/workflows.hpp>

namespace portico {

/// The host as one plugin sees it. Lives from before start until after stop.
class Host {
 public:
  explicit Host(const portico_host* host)
      : routes_(host),
        streams_(host),
        operations_(host),
        database_(host),
        cache_(host),
        outbound_(host),
        channels_(host),
        tasks_(host),
        events_(host),
        mail_(host),
        identity_(host),
        config_(host),
        log_(host),
        metrics_(host),
        audit_(host),
        health_(host),
        crypto_(host),
        clock_(host),
        pages_(host),
        workflows_(host) {}
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  Routes& routes() { return routes_; }
  Streams& streams() { return streams_; }
  Database& database() { return database_; }
  Cache& cache() { return cache_; }
  Outbound& outbound() { return outbound_; }
  Channels& channels() { return channels_; }
  Tasks& tasks() { return tasks_; }
  Events& events() { return events_; }
  Mail& mail() { return mail_; }
  IdentityService& identity() { return identity_; }
  Config& config() { return config_; }
  Log& log() { return log_; }
  Metrics& metrics() { return metrics_; }
  Audit& audit() { return audit_; }
  Health& health() { return health_; }
  Crypto& crypto() { return crypto_; }
  Clock& clock() { return clock_; }
  Pages& pages() { return pages_; }
  Workflows& workflows() { return workflows_; }

  /// [control] Provides an operation that the manifest lists under "provides".
  template <class In, class Out, class F>
  void provide(const Operation<In, Out>& operation, F fn) {
    operations_.provide(operation, std::move(fn));
  }
  /// [request] [task] Calls another plugin's operation.
  template <class In, class Out>
  Out call(const Operation<In, Out>& operation, const In& arguments) const {
    return operations_.call(operation, arguments);
  }

 private:
  Routes routes_;
  Streams streams_;
  Operations operations_;
  Database database_;
  Cache cache_;
  Outbound outbound_;
  Channels channels_;
  Tasks tasks_;
  Events events_;
  Mail mail_;
  IdentityService identity_;
  Config config_;
  Log log_;
  Metrics metrics_;
  Audit audit_;
  Health health_;
  Crypto crypto_;
  Clock clock_;
  Pages pages_;
  Workflows workflows_;
};

/// Derive, register everything in start, and name the class in PORTICO_PLUGIN.
class Plugin {
 public:
  virtual ~Plugin() = default;
  virtual void start(Host& host) = 0;
  /// No call is under way or follows.
  virtual void stop() {}
};

namespace entry {

template <class T>
struct Instance {
  explicit Instance(const portico_host* host) : host(host) {
    raw = {sizeof raw, 0, this, &Instance::start, &Instance::stop, &Instance::destroy};
  }
  portico_plugin raw;
  Host host;
  T plugin;

  static Instance& of(portico_plugin* p) { return *static_cast<Instance*>(p->context); }
  static portico_status start(portico_plugin* p, portico_error* error) noexcept {
    return call::guard(error, [&] { static_cast<Plugin&>(of(p).plugin).start(of(p).host); });
  }
  static void stop(portico_plugin* p) noexcept {
    call::guard(nullptr, [&] { static_cast<Plugin&>(of(p).plugin).stop(); });
  }
  static void destroy(portico_plugin* p) noexcept { delete &of(p); }
  static portico_status create(const portico_host* host, portico_plugin** out,
                               portico_error* error) noexcept {
    return call::guard(error, [&] { *out = &(new Instance(host))->raw; });
  }
};

}  // namespace entry
}  // namespace portico

/// Exports the plugin's one symbol.
#define PORTICO_PLUGIN(Class)                                                                        \
  extern "C" PORTICO_EXPORT const portico_entry* portico_plugin_entry_v1(void) {                     \
    static const portico_entry entry{sizeof(portico_entry), PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR, 0, \
                                     &portico::entry::Instance<Class>::create};                      \
    return &entry;                                                                                   \
  }
