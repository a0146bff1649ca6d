// The sandbox program, a transport that reaches its enabler, and the connector on it.
#pragma once

#include <string>
#include <testing/running_sandbox.hpp>
#include <vector>

#include "client/client.hpp"
#include "mapping/changes.hpp"
#include "tests/support.hpp"

namespace freebit {

/// The sandbox, spoken to about its enabler.
class RunningSandbox : public connectors::RunningSandbox {
 public:
  void switches(const std::string& changes) const { control("PUT", "/freebit/switches", changes); }
  void fault(const std::string& call, const std::string& kind, const std::string& code = {}) const {
    connectors::RunningSandbox::fault("freebit", call, kind, code);
  }
  boost::json::object line(const std::string& account) const {
    return control("GET", "/freebit/lines/" + account).as_object();
  }
  std::size_t calls_of(const std::string& call) const {
    return connectors::RunningSandbox::calls_of("freebit", call);
  }
};

/// Fails as outbound does: upstream.timeout when nothing comes, upstream.unavailable for every other cut.
class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(std::string base) : base_(std::move(base)) {}
  Answer post(const CallSpec& call, std::string body) override {
    auto got = connectors::ask_as_outbound(
        "POST", base_ + call.path, {{"Content-Type", "application/x-www-form-urlencoded"}}, body, timeout);
    return {got.status, std::move(got.body)};
  }
  std::chrono::milliseconds timeout{60'000};

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
