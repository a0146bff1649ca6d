// What the tests of channels share: settings, calls, and a listener that remembers.
#pragma once

#include <catch2/catch.hpp>
#include <condition_variable>
#include <fstream>
#include <mutex>

#include "kernel/outbound/grpc/channels.hpp"
#include "kernel/outbound/grpc/tests/scripted_server.hpp"

namespace kernel::outbound::rpc::test {

using namespace std::chrono_literals;

inline ChannelSettings settings_for(const std::string& url) {
  ChannelSettings s;
  s.upstream.name = "bus";
  s.upstream.base_url = url;
  s.upstream.body_limit = 4u << 20;
  s.upstream.timeout = 60s;
  s.upstream.connect_timeout = 10s;
  return s;
}

inline Call call_to(const std::string& what, std::string message = "hello") {
  Call call;
  call.method = "/test.Echo/" + what;
  call.message = std::move(message);
  call.operation = what;
  return call;
}

/// The problem that fn throws.
template <class F>
CallProblem problem_of(F&& fn) {
  try {
    fn();
  } catch (const CallProblem& problem) {
    return problem;
  }
  return CallProblem(0, "none", "nothing was thrown", 0, false);
}

/// Remembers what a stream told. Every wait ends after a minute.
class Remembering final : public Listener {
 public:
  void on_message(std::string bytes) noexcept override {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(bytes));
    changed_.notify_all();
  }
  void on_end(Cause cause, const WireStatus& status) noexcept override {
    const std::lock_guard lock(mutex_);
    cause_ = cause, status_ = status, ended_ = true;
    changed_.notify_all();
  }

  bool waits_for_messages(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, [&] { return messages_.size() >= count; });
  }
  bool waits_for_end() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, [&] { return ended_; });
  }
  std::vector<std::string> messages() {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  bool ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  Cause cause() {
    const std::lock_guard lock(mutex_);
    return cause_;
  }
  WireStatus status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> messages_;
  Cause cause_ = Cause::answered;
  WireStatus status_;
  bool ended_ = false;
};

}  // namespace kernel::outbound::rpc::test
