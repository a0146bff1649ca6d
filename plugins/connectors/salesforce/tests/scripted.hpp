// A transport that answers from a script and notes what it was asked; a clock that stands.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <mutex>
#include <variant>

#include "client/client.hpp"

namespace salesforce {

/// A key made for these tests and used for nothing else.
const std::string& test_key();

/// "422 request.invalid /reference invalid", "REFUSED …", "" when nothing is thrown.
template <class F>
std::string code_of(F&& fn) {
  try {
    fn();
  } catch (const portico::Problem& problem) {
    auto out = fmt::format("{} {}", problem.status, problem.code);
    if (const auto* errors = problem.members.if_contains("errors"))
      for (const auto& error : errors->as_array())
        out += fmt::format(" {} {}", std::string(error.at("pointer").as_string()),
                           std::string(error.at("code").as_string()));
    return out;
  } catch (const Refusal& refusal) {
    return std::string("REFUSED ") + refusal.what();
  } catch (const BadReply& bad) {
    return std::string("BAD ") + bad.what();
  }
  return {};
}

class NotingWatcher final : public Watcher {
 public:
  void answered() override { note("ok"); }
  void barred(std::string_view operation, std::string_view why) override {
    note(fmt::format("barred {}: {}", operation, why));
  }
  void nonsense(std::string_view operation, std::string_view what) override {
    note(fmt::format("nonsense {}: {}", operation, what));
  }
  void unreachable(std::string_view operation, std::string_view code) override {
    note(fmt::format("unreachable {}: {}", operation, code));
  }
  void used(std::int64_t requests, std::int64_t most) override {
    note(fmt::format("used {} of {}", requests, most));
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return lines_.empty() ? "" : lines_.back();
  }

 private:
  void note(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// Bytes that are all there, given a few at a time.
class HeldBytes final : public Bytes {
 public:
  explicit HeldBytes(std::string all) : all_(std::move(all)) {}
  std::size_t read(char* into, std::size_t size) override {
    constexpr std::size_t kPiece = 1000;
    const auto count = std::min({size, kPiece, all_.size() - read_});
    all_.copy(into, count, read_);
    read_ += count;
    return count;
  }

 private:
  const std::string all_;
  std::size_t read_ = 0;
};

class ScriptedTransport final : public Transport {
 public:
  using Step = std::variant<Answer, portico::OutboundProblem>;

  Answer send(const Request& request) override {
    const std::lock_guard lock(mutex_);
    asked.push_back(request);
    if (request.operation == "token" && tokens_by_itself) {
      ++tokens;
      return {200, token_reply(fmt::format("00D000000000001!token{}", tokens)), {}};
    }
    INFO(request.method << " " << request.path);
    REQUIRE(!script.empty());
    auto step = std::move(script.front());
    script.pop_front();
    if (auto* problem = std::get_if<portico::OutboundProblem>(&step))
      throw portico::OutboundProblem(*problem);
    auto answer = std::get<Answer>(std::move(step));
    if (request.bytes_limit > 0 && answer.status / 100 == 2)
      answer.bytes = std::make_unique<HeldBytes>(std::exchange(answer.body, {}));
    return answer;
  }
  static std::string token_reply(const std::string& token,
                                 const std::string& instance = "https://org.example") {
    return fmt::format(
        R"({{"access_token":"{}","instance_url":"{}","id":"https://login.example/id/00D000000000001EAA/005000000000001AAA","token_type":"Bearer"}})",
        token, instance);
  }
  ScriptedTransport& then(int status, std::string body, std::string limits = {}) {
    script.emplace_back(Answer{status, std::move(body), std::move(limits)});
    return *this;
  }
  ScriptedTransport& error(int status, const std::string& code, const std::string& message = "") {
    return then(status, fmt::format(R"([{{"message":"{}","errorCode":"{}"}}])", message, code));
  }
  std::string paths() const {
    std::string out;
    for (const auto& one : asked) out += (out.empty() ? "" : " ") + one.operation;
    return out;
  }

  std::deque<Step> script;
  std::vector<Request> asked;
  bool tokens_by_itself = true;
  int tokens = 0;

 private:
  std::mutex mutex_;
};

/// A client on a scripted org.
struct Scripted {
  Scripted()
      : session(transport, watcher,
                {"https://org.example", "client-1", "portal@example.com", "", [] { return test_key(); },
                 [] { return std::chrono::sys_seconds(std::chrono::seconds(1'800'000'000)); },
                 [this] { return now; }}),
        quota({85, [this] { return now; }, [] { return 1.0; }}),
        client(transport, watcher, session, quota, setting()) {}

  Client::Setting setting() {
    Client::Setting out;
    out.pause = [this](std::chrono::milliseconds time) { pauses.push_back(time.count()); };
    out.chance = [] { return 1.0; };
    out.boundary = [] { return std::string("abcdefghijklmnopqrstuvwxyz"); };
    return out;
  }

  ScriptedTransport transport;
  NotingWatcher watcher;
  std::chrono::microseconds now{1};
  std::vector<std::int64_t> pauses;
  Session session;
  Quota quota;
  Client client;
};

}  // namespace salesforce
