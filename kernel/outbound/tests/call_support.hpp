// Shorthands of the tests that make calls.
#pragma once

#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <semaphore>
#include <string>

#include "kernel/outbound/outbound.hpp"
#include "kernel/outbound/tests/scripted_server.hpp"

namespace kernel::outbound::test {

inline UpstreamSettings upstream_at(const ScriptedServer& server) {
  UpstreamSettings s;
  s.name = "test";
  s.base_url = server.url() + "/base";
  s.timeout = std::chrono::seconds(20);
  s.breaker.least_calls = 1'000'000;  // tests of the breaker set it
  return s;
}

inline Request read_of(std::string path = "/x") {
  Request r;
  r.method = "GET";
  r.path = std::move(path);
  r.kind = Kind::read;
  r.operation = "Test";
  return r;
}

inline Request write_of(std::string body = "a=1", std::string path = "/x") {
  Request r;
  r.method = "POST";
  r.path = std::move(path);
  r.body = std::move(body);
  r.kind = Kind::write;
  r.operation = "Test";
  return r;
}

/// The code of the problem, or "" where there was a reply.
inline std::string code_of(const Result& result) {
  const auto* problem = std::get_if<CallProblem>(&result);
  return problem ? problem->code : "";
}

inline Result result_of(Outbound& outbound, Request request, const std::string& name = "test") {
  try {
    return outbound.call(name, std::move(request));
  } catch (const CallProblem& problem) {
    return problem;
  }
}

inline std::future<Result> begin(Outbound& outbound, Request request, const std::string& name = "test") {
  auto promise = std::make_shared<std::promise<Result>>();
  auto future = promise->get_future();
  outbound.call_async(name, std::move(request),
                      [promise](Result result) { promise->set_value(std::move(result)); });
  return future;
}

/// No random delay: retries follow at once. The breaker's clock stands still: a slow machine forgets nothing.
inline Outbound::Options without_jitter() {
  Outbound::Options options;
  options.breaker_clock = [] { return Clock::time_point(std::chrono::hours(1)); };
  options.random = [] { return 0.0; };
  return options;
}

/// A server that tells when a request is there and answers it when told to.
struct GatedServer {
  std::counting_semaphore<1000> arrived{0};
  std::counting_semaphore<1000> go{0};
  ScriptedServer server{answering([this](const std::string&) {
    arrived.release();
    go.acquire();
    return reply(200);
  })};

  ~GatedServer() { go.release(500); }
};

}  // namespace kernel::outbound::test
