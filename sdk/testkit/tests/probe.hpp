// A plugin of one lambda, for the test host's own tests.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <portico/testkit.hpp>
#include <string>

namespace portico::testkit {

using namespace std::chrono_literals;

class Probe final : public Plugin {
 public:
  inline static std::function<void(Host&)> on_start;
  inline static std::function<void()> on_stop;
  void start(Host& host) override { on_start(host); }
  void stop() override {
    if (on_stop) on_stop();
  }
};

/// Starts a plugin that does this; a manifest that allows everything unless the host has one.
inline TestHost& start(TestHost& host, std::function<void(Host&)> on_start,
                       std::function<void()> on_stop = {}) {
  Probe::on_start = std::move(on_start);
  Probe::on_stop = std::move(on_stop);
  return host.with<Probe>();
}

/// What the Fault says that fn throws; "" when it throws none.
template <class F>
std::string fault_of(F&& fn) {
  try {
    fn();
  } catch (const Fault& fault) {
    return fault.what();
  }
  return {};
}

/// "status code" of the Problem that fn throws; "" when it throws none.
template <class F>
std::string problem_of(F&& fn) {
  try {
    fn();
  } catch (const Problem& problem) {
    return std::to_string(problem.status) + " " + problem.code;
  }
  return {};
}

struct Greeting {
  std::string message;
};
BOOST_DESCRIBE_STRUCT(Greeting, (), (message))

struct Name {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Name, (), (name))

}  // namespace portico::testkit
