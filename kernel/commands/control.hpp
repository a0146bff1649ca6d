// The running host's own door: a Unix socket on which the command line asks and changes things.
#pragma once

#include <atomic>
#include <boost/json.hpp>
#include <filesystem>
#include <functional>
#include <list>
#include <string>
#include <thread>

#include "kernel/config/settings.hpp"

namespace kernel::commands {

/// Where the host of these settings listens: control.socket, or a folder of the user's own by port. Empty for
/// a host whose port is chosen by the system.
std::filesystem::path control_path(const config::Settings& settings);

/// One JSON object asked, one answered, per connection. Only the host's own user and root are let in; who it
/// is the kernel says (SO_PEERCRED). At most kMostCallers at a time.
class ControlServer {
 public:
  using Handler = std::function<boost::json::object(const boost::json::object&)>;

  static constexpr std::size_t kMostCallers = 8;

  /// What handler throws goes to the caller as {"code","detail"}.
  /// errors    500 control.taken, another host listens there; 500 control.unusable
  ControlServer(std::filesystem::path path, Handler handler);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  void run(const std::stop_token& stop);
  void serve(int client) const;

  const std::filesystem::path path_;
  const Handler handler_;
  int listener_ = -1;
  struct Caller {
    std::atomic<bool> done{false};
    std::jthread thread;
  };
  std::list<Caller> callers_;  // of run() alone
  std::jthread thread_;
};

/// Asks the host of these settings and waits for its answer.
/// errors    503 control.no_host, none listens; those of the host
boost::json::object ask_host(const config::Settings& settings, const boost::json::object& question);

}  // namespace kernel::commands
