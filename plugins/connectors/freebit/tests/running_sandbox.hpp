// The sandbox program on free ports, a transport over libcurl that reaches its enabler, and the connector on
// it.
#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "client/client.hpp"
#include "mapping/changes.hpp"
#include "tests/support.hpp"

namespace freebit {

/// One sandbox process; ends with this object.
class RunningSandbox {
 public:
  RunningSandbox();
  ~RunningSandbox();
  RunningSandbox(const RunningSandbox&) = delete;
  RunningSandbox& operator=(const RunningSandbox&) = delete;

  std::string url(const std::string& path) const;
  /// A call of the control API with a JSON body.
  boost::json::value control(const std::string& method, const std::string& path,
                             const std::string& body = {}) const;
  void switches(const std::string& changes) const { control("PUT", "/freebit/switches", changes); }
  /// The next call of this name goes wrong.
  void fault(const std::string& call, const std::string& kind, const std::string& code = {}) const;
  /// Moves the clock on.
  void pass(std::chrono::seconds time) const;
  Seconds now() const;
  boost::json::object line(const std::string& account) const {
    return control("GET", "/freebit/lines/" + account).as_object();
  }
  std::size_t calls_of(const std::string& call) const;
  std::string state_file() const { return (folder_ / "state.json").string(); }

 private:
  std::filesystem::path folder_;
  int pid_ = -1;
  int port_ = 0;
};

/// Fails as outbound does: upstream.timeout when nothing comes, upstream.unavailable for every other cut.
class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(std::string base) : base_(std::move(base)) {}
  Answer post(const CallSpec& call, std::string body) override;
  long timeout_ms = 60'000;

 private:
  std::string base_;
};

/// Keeps what a log would get.
class NotingWatcher final : public Watcher {
 public:
  void answered(std::string_view call, std::string_view code, std::string_view message) override {
    note(fmt::format("{} {} {}", call, code, message));
  }
  void barred(std::string_view call, std::string_view code, std::string_view message) override {
    note(fmt::format("barred {} {} {}", call, code, message));
  }
  void nonsense(std::string_view call, std::string_view what) override {
    note(fmt::format("nonsense {} {}", call, what));
  }
  void unreachable(std::string_view call, std::string_view code) override {
    note(fmt::format("unreachable {} {}", call, code));
  }
  void note(std::string line) {
    const std::lock_guard lock(mutex_);
    lines.push_back(std::move(line));
  }
  std::vector<std::string> lines;

 private:
  std::mutex mutex_;
};

/// The parts as plugin.cpp joins them, on the sandbox's clock.
struct Connector {
  explicit Connector(const RunningSandbox& sandbox, std::string oem_key = "sandboxOemKey000000000000000001",
                     Changes::Setting own = {}, Wire wire = Wire({}, {}))
      : transport(sandbox.url("/freebit/emptool/api/")),
        client(transport, watcher, std::move(wire), {"sandboxOem", std::move(oem_key)},
               {std::chrono::hours(1000), "", [] { return std::chrono::microseconds(0); }}),
        lines(client, [&sandbox] { return sandbox.now(); }),
        orders(journal, {{},
                         [&sandbox] { return sandbox.now(); },
                         [](std::string_view wish) { return std::string(wish); },
                         [this](std::string_view message, std::string_view id, std::string_view detail) {
                           watcher.note(fmt::format("{} {} {}", message, id, detail));
                         }}),
        changes(client, lines, orders, with_clock(std::move(own), sandbox)) {}

  static Changes::Setting with_clock(Changes::Setting setting, const RunningSandbox& sandbox) {
    setting.now = [&sandbox] { return sandbox.now(); };
    return setting;
  }

  CurlTransport transport;
  NotingWatcher watcher;
  Client client;
  MemoryJournal journal;
  Lines lines;
  Orders orders;
  Changes changes;
};

}  // namespace freebit
