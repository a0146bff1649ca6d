// The Redis pool and its breaker.
#include "kernel/cache/redis.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "kernel/cache/redis_link.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"

namespace kernel::cache {
namespace {

using std::chrono::steady_clock;

std::string sha1_hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha1(), nullptr);
  std::string out;
  for (unsigned int i = 0; i < length; ++i) fmt::format_to(std::back_inserter(out), "{:02x}", digest[i]);
  return out;
}

observe::Counter& calls(RedisFailure failure) {
  return observe::counter("portico_redis_calls_total", "Calls to Redis by outcome",
                          {{"outcome", failure == RedisFailure::none ? "ok" : std::string(name(failure))}});
}

}  // namespace

std::string_view name(RedisFailure failure) {
  switch (failure) {
    case RedisFailure::none:
      return "none";
    case RedisFailure::away:
      return "away";
    case RedisFailure::timeout:
      return "timeout";
    case RedisFailure::open:
      return "open";
    case RedisFailure::busy:
      return "busy";
    case RedisFailure::protocol:
      return "protocol";
  }
  return "unknown";
}

Script::Script(std::string source) : source_(std::move(source)), sha1_(sha1_hex(source_)) {}

struct Redis::State {
  explicit State(RedisSettings s) : settings(std::move(s)) {
    addresses = RedisLink::resolve(settings.host, settings.port);
    up_gauge.set(1);
    healer = std::jthread([this](const std::stop_token& stop) { heal(stop); });
  }

  RedisFailure exchange(std::string_view bytes, std::span<RedisResult> results,
                        steady_clock::time_point deadline);
  RedisFailure acquire(std::unique_ptr<RedisLink>& link, steady_clock::time_point deadline);
  void release(std::unique_ptr<RedisLink> link);
  void judge(RedisFailure failure, const std::string& why);
  void heal(const std::stop_token& stop);
  bool probe();

  const RedisSettings settings;
  std::mutex mutex;
  std::condition_variable freed;
  std::condition_variable_any broken;  // wakes the healer
  std::vector<std::unique_ptr<RedisLink>> idle;
  std::size_t open = 0;
  std::vector<std::string> addresses;
  int failures = 0;  // in a row
  std::atomic<bool> breaker_open{false};

  observe::Gauge& up_gauge = observe::gauge("portico_redis_up", "0 while Redis is treated as away");
  observe::Histogram& seconds =
      observe::histogram("portico_redis_call_seconds", "Time of one exchange with Redis");
  std::array<observe::Counter*, 6> counters{&calls(RedisFailure::none),    &calls(RedisFailure::away),
                                            &calls(RedisFailure::timeout), &calls(RedisFailure::open),
                                            &calls(RedisFailure::busy),    &calls(RedisFailure::protocol)};
  std::jthread healer;
};

RedisFailure Redis::State::acquire(std::unique_ptr<RedisLink>& link, steady_clock::time_point deadline) {
  std::unique_lock lock(mutex);
  for (;;) {
    while (!idle.empty()) {
      link = std::move(idle.back());
      idle.pop_back();
      if (link->usable()) return RedisFailure::none;
      link.reset();
      --open;
    }
    if (open < settings.max_connections) {
      ++open;
      const auto at = addresses;
      lock.unlock();
      RedisFailure failure{};
      std::string why;
      link = RedisLink::open(settings, at, deadline, failure, why);
      if (link) return RedisFailure::none;
      judge(failure, why);
      lock.lock();
      --open;
      freed.notify_one();
      return failure;
    }
    if (freed.wait_until(lock, deadline) == std::cv_status::timeout && idle.empty() &&
        open >= settings.max_connections)
      return RedisFailure::busy;
  }
}

void Redis::State::release(std::unique_ptr<RedisLink> link) {
  {
    const std::lock_guard lock(mutex);
    if (link) {
      idle.push_back(std::move(link));
    } else {
      --open;
    }
  }
  freed.notify_one();
}

void Redis::State::judge(RedisFailure failure, const std::string& why) {
  std::vector<std::unique_ptr<RedisLink>> dropped;
  const std::lock_guard lock(mutex);
  if (failure == RedisFailure::none) {
    failures = 0;
    return;
  }
  if (++failures < settings.failures_to_open || breaker_open) return;
  breaker_open = true;
  up_gauge.set(0);
  open -= idle.size();
  dropped.swap(idle);
  broken.notify_one();
  observe::log(observe::Level::warning, "cache", "Redis is away; going on without it",
               {{"why", why.empty() ? name(failure) : std::string_view(why)}, {"failures", failures}});
}

/// A caller never pays for finding out whether Redis is back.
bool Redis::State::probe() {
  auto found = RedisLink::resolve(settings.host, settings.port);
  {
    const std::lock_guard lock(mutex);
    if (!found.empty()) addresses = found;
    found = addresses;
  }
  const auto deadline = steady_clock::now() + std::max(settings.call_timeout, std::chrono::milliseconds(200));
  RedisFailure failure{};
  std::string why;
  const auto link = RedisLink::open(settings, found, deadline, failure, why);
  std::string bytes;
  write_command(bytes, Command{"PING"});
  Reply reply;
  return link && link->send(bytes, deadline) == RedisFailure::none &&
         link->receive(reply, deadline) == RedisFailure::none && reply.kind == Reply::Kind::text;
}

void Redis::State::heal(const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    if (!broken.wait(lock, stop, [&] { return breaker_open.load(); })) return;
    // The predicate never holds: this waits out the interval, or the end of the process.
    broken.wait_for(lock, stop, settings.probe_interval, [] { return false; });
    lock.unlock();
    const bool back = !stop.stop_requested() && probe();
    lock.lock();
    if (!back) continue;
    failures = 0;
    breaker_open = false;
    up_gauge.set(1);
    observe::log(observe::Level::info, "cache", "Redis is back");
  }
}

RedisFailure Redis::State::exchange(std::string_view bytes, std::span<RedisResult> results,
                                    steady_clock::time_point deadline) {
  if (breaker_open) return RedisFailure::open;
  std::unique_ptr<RedisLink> link;
  if (const auto failure = acquire(link, deadline); failure != RedisFailure::none) return failure;
  RedisFailure failure = link->send(bytes, deadline);
  for (RedisResult& result : results) {
    if (failure != RedisFailure::none) break;
    failure = link->receive(result.reply, deadline);
    result.failure = failure;
  }
  judge(failure, "");
  if (failure != RedisFailure::none) link.reset();
  release(std::move(link));
  return failure;
}

Redis::Redis(RedisSettings settings) : state_(std::make_unique<State>(std::move(settings))) {}

Redis::~Redis() {
  state_->healer.request_stop();
  state_->healer.join();
}

RedisResult Redis::call(const Command& command) {
  return call(command, state_->settings.call_timeout);
}

RedisResult Redis::call(const Command& command, std::chrono::milliseconds timeout) {
  std::string bytes;
  write_command(bytes, command);
  RedisResult result;
  const auto started = steady_clock::now();
  result.failure = state_->exchange(bytes, {&result, 1}, started + timeout);
  if (result.answered())
    state_->seconds.observe(std::chrono::duration<double>(steady_clock::now() - started).count());
  state_->counters[static_cast<std::size_t>(result.failure)]->add();
  return result;
}

std::vector<RedisResult> Redis::pipeline(std::span<const Command> commands) {
  std::string bytes;
  for (const Command& command : commands) write_command(bytes, command);
  std::vector<RedisResult> results(commands.size());
  for (RedisResult& result : results) result.failure = RedisFailure::away;  // until it is read
  const auto started = steady_clock::now();
  const auto failure = state_->exchange(bytes, results, started + state_->settings.call_timeout);
  state_->counters[static_cast<std::size_t>(failure)]->add();
  if (failure == RedisFailure::none) {
    state_->seconds.observe(std::chrono::duration<double>(steady_clock::now() - started).count());
    return results;
  }
  for (RedisResult& result : results)
    if (!result.answered()) result.failure = failure;
  return results;
}

RedisResult Redis::eval(const Script& script, std::span<const std::string> keys,
                        std::span<const std::string> arguments) {
  Command command{"EVALSHA", script.sha1(), std::to_string(keys.size())};
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), arguments.begin(), arguments.end());
  RedisResult result = call(command);
  if (!result.answered() || result.ok() || !result.reply.text.starts_with("NOSCRIPT")) return result;
  command[0] = "EVAL";
  command[1] = script.source();
  return call(command);
}

std::string Redis::key(std::string_view name) const {
  return state_->settings.prefix + std::string(name);
}

bool Redis::available() const {
  return !state_->breaker_open;
}

const RedisSettings& Redis::settings() const {
  return state_->settings;
}

}  // namespace kernel::cache
