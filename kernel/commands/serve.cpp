// portico serve: start, wait for a signal, drain.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "kernel/commands/commands.hpp"
#include "kernel/commands/host.hpp"
#include "kernel/commands/migrating.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::commands {

namespace {

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
  for (int signal : {SIGTERM, SIGINT}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return set;
}

}  // namespace

int serve(const CommandLine& line) {
  const auto settings = config::Settings::read(*line.source);
  observe::set_level(level_of(settings.log_level));
  const auto signals = block_signals();
  if (settings.migrate_at_start) run_migrations(settings);
  Host host(settings, *line.source);
  host.start_plugins();
  host.listen();
  observe::log(
      observe::Level::info, "serve", "ready",
      {{"url", settings.public_url}, {"port", host.port()}, {"plugins", host.loader().active().size()}});

  int signal = 0;
  sigwait(&signals, &signal);
  observe::log(observe::Level::info, "serve", "stopping", {{"signal", signal}});
  std::atomic<bool> stopped{false};
  std::jthread stopper([&] {
    host.stop();
    stopped = true;
  });
  const timespec tick{0, 50'000'000};
  while (!stopped)
    if (sigtimedwait(&signals, nullptr, &tick) > 0)
      _exit(1);  // a second signal: kill -9 has to be safe anyway
  observe::log(observe::Level::info, "serve", "stopped");
  return 0;
}

}  // namespace kernel::commands
