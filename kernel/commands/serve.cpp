// portico serve: start, wait for signals, drain.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <portico/problem.hpp>
#include <thread>

#include "kernel/commands/commands.hpp"
#include "kernel/commands/control.hpp"
#include "kernel/commands/host.hpp"
#include "kernel/commands/migrating.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::commands {

namespace {

constexpr std::chrono::seconds kLookAtCertificate{10};
constexpr std::chrono::seconds kLookAtDraining{1};
constexpr timespec kTick{0, 50'000'000};
constexpr rlim_t kMostDescriptors = 65'536;

observe::Level level_of(const std::string& name) {
  return name == "debug"     ? observe::Level::debug
         : name == "warning" ? observe::Level::warning
         : name == "error"   ? observe::Level::error
                             : observe::Level::info;
}

/// Signals are read by this thread alone: blocked before any other thread starts.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return set;
}

/// A session's usual limit of 1,024 descriptors is far below what the machine allows. Nothing here uses
/// select(), which could not take higher ones.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kMostDescriptors) return;
  limit.rlim_cur = std::min(limit.rlim_max, kMostDescriptors);
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Does on a thread of its own what may take as long as a request or a plugin: a signal to stop has to be
/// seen meanwhile. Ends after Host::stop, which makes what it is at give up.
class Changing {
 public:
  explicit Changing(Host& host) : thread_([&host, this](const std::stop_token& stop) { run(host, stop); }) {}

  /// Reloads soon; asked for twice while one runs, once more after it.
  void reload() {
    {
      const std::lock_guard lock(mutex_);
      wanted_ = true;
    }
    wake_.notify_one();
  }

 private:
  void run(Host& host, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      bool reload = false;
      {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, stop, kLookAtDraining, [&] { return wanted_; });
        reload = std::exchange(wanted_, false);
      }
      if (reload)
        reload_plugins(host);
      else
        host.look_at_draining();
    }
  }

  /// What changed on disk becomes what runs; a refusal is logged and changes nothing.
  static void reload_plugins(Host& host) {
    try {
      const auto changes = host.reload();
      observe::log(observe::Level::info, "serve", "reloaded",
                   {{"started", changes.started.size()},
                    {"replaced", changes.replaced.size()},
                    {"stopped", changes.stopped.size()},
                    {"kept", changes.kept.size()}});
    } catch (const portico::Problem& problem) {
      observe::log(observe::Level::error, "serve", "not reloaded, everything stays as it was",
                   {{"code", problem.code}, {"detail", problem.detail}});
    } catch (const std::exception& e) {
      observe::log(observe::Level::error, "serve", "not reloaded, everything stays as it was",
                   {{"why", e.what()}});
    }
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool wanted_ = false;
  std::jthread thread_;
};

/// Without the socket the host serves as well; it only cannot be asked.
std::unique_ptr<ControlServer> open_control(const config::Settings& settings, Host& host) {
  const auto path = control_path(settings);
  if (path.empty()) return nullptr;
  try {
    return std::make_unique<ControlServer>(
        path, [&host](const boost::json::object& question) { return host.answer(question); });
  } catch (const portico::Problem& problem) {
    observe::log(observe::Level::warning, "serve", "the command line cannot reach this host",
                 {{"code", problem.code}, {"detail", problem.detail}});
    return nullptr;
  }
}

/// Waits for a signal to stop; meanwhile SIGHUP brings what changed, and new files a new certificate.
int wait_for_end(const sigset_t& signals, Host& host, Changing& changing) {
  for (;;) {
    const timespec pause{kLookAtCertificate.count(), 0};
    const int signal = sigtimedwait(&signals, nullptr, &pause);
    if (signal == SIGTERM || signal == SIGINT) return signal;
    if (signal == SIGHUP) {
      host.reload_certificate();
      changing.reload();
    }
    if (signal < 0) host.look_at_certificate();
  }
}

/// Leaves at once, whatever still runs: a kill has to be safe anyway.
[[noreturn]] void leave_now(const char* why) {
  observe::log(observe::Level::warning, "serve", "stopped before everything had ended", {{"why", why}});
  observe::flush_log();
  _exit(0);
}

}  // namespace

int serve(const CommandLine& line) {
  const auto settings = config::Settings::read(*line.source);
  observe::set_level(level_of(settings.log_level));
  const auto signals = block_signals();
  const observe::BatchedLog batched;
  raise_descriptor_limit();
  if (settings.migrate_at_start) run_migrations(settings);
  Host host(settings, *line.source, line.read_again);
  host.start_plugins();
  host.listen();
  const auto control = open_control(settings, host);
  Changing changing(host);
  observe::log(
      observe::Level::info, "serve", "ready",
      {{"url", settings.public_url}, {"port", host.port()}, {"plugins", host.lineup().started().size()}});

  const int signal = wait_for_end(signals, host, changing);
  observe::log(observe::Level::info, "serve", "stopping", {{"signal", signal}});
  const auto latest = std::chrono::steady_clock::now() + settings.drain_notice + settings.drain;
  std::atomic<bool> stopped{false};
  std::jthread stopper([&] {
    host.stop();
    stopped = true;
  });
  while (!stopped) {
    const int again = sigtimedwait(&signals, nullptr, &kTick);
    if (again == SIGTERM || again == SIGINT) leave_now("a second signal");
    if (std::chrono::steady_clock::now() >= latest) leave_now("the time for it was over");
  }
  observe::log(observe::Level::info, "serve", "stopped");
  return 0;
}

}  // namespace kernel::commands
