// What the gate adds to a call into a plugin: context, handle, in-flight count. Prints nanoseconds as JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "kernel/observe/log.hpp"
#include "kernel/policy/handler.hpp"
#include "kernel/policy/pipeline.hpp"

namespace {

using namespace kernel;

constexpr int kCalls = 200'000;
constexpr int kRounds = 9;

portico_handle last_handle = 0;

/// A handler that answers later: what is left is the way into it and out again.
portico_status handler(void* user, portico_handle exchange, portico_error*) {
  ++*static_cast<std::uint64_t*>(user);
  last_handle = exchange;
  return PORTICO_PENDING;
}

template <class F>
double median_ns(F call) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < kCalls; ++i) call();
    rounds.push_back(
        std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begun).count() / kCalls);
  }
  std::sort(rounds.begin(), rounds.end());
  return rounds[rounds.size() / 2];
}

}  // namespace

int main() {
  observe::set_level(observe::Level::error);
  const config::Settings settings;
  cache::RedisSettings nowhere;
  nowhere.port = 1;
  cache::Redis redis(nowhere);
  cache::Cache cache(redis);
  cache::RateLimiter limiter(redis, 1);
  database::Pool database({});
  policy::Pipeline pipeline(settings, cache, limiter, database);
  loader::Manifest manifest;
  manifest.id = "bench";
  loader::Plugin plugin({}, manifest);
  std::uint64_t calls = 0;
  policy::Route route;
  route.plugin = &plugin;
  route.spec.handler = &handler;
  route.spec.user = &calls;
  const auto call = std::make_shared<policy::Call>(pipeline, std::nullopt, pipeline.published());
  call->route = &route;
  call->correlation_id = "0123456789abcdefghjkmnpqrs";
  call->client_address = "203.0.113.7";
  const auto user = std::make_shared<policy::Principal>();
  user->user_id = "01234567-89ab-cdef-0123-456789abcdef";
  call->principal = user;
  call->deadline = policy::Call::Clock::now() + std::chrono::hours(1);

  portico_route_fn volatile direct = &handler;
  portico_error error{};
  const double bare = median_ns([&] { direct(&calls, 1, &error); });
  const double gate = median_ns([&] {
    policy::call_handler(*call);
    policy::exchanges().take(last_handle);
  });
  std::printf("{\"direct_ns\":%.1f,\"gate_ns\":%.1f,\"added_ns\":%.1f}\n", bare, gate, gate - bare);
}
