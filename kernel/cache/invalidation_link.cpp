// The standing connection on which replicas tell each other what is no longer true.
#include "kernel/cache/invalidation_link.hpp"

#include <algorithm>
#include <random>

#include "kernel/cache/redis_link.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kTick{100};
constexpr milliseconds kConnect{1000};

bool is_message(const Reply& reply) {
  return reply.items.size() == 3 && reply.items[0].text == "message" && reply.items[2].is_string();
}

}  // namespace

InvalidationLink::InvalidationLink(RedisSettings settings, std::string channel, milliseconds ping,
                                   Callbacks callbacks)
    : settings_(std::move(settings)),
      channel_(std::move(channel)),
      ping_(ping),
      callbacks_(std::move(callbacks)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

InvalidationLink::~InvalidationLink() {
  thread_.request_stop();
  thread_.join();
}

void InvalidationLink::run(const std::stop_token& stop) {
  std::minstd_rand random{std::random_device{}()};
  milliseconds pause{0};
  while (!stop.stop_requested()) {
    const auto began = steady_clock::now();
    listen(stop);
    callbacks_.linked(false);
    // A link that lasted is worth an immediate try; otherwise back off, with jitter so that replicas spread.
    pause = steady_clock::now() - began > milliseconds(5000)
                ? milliseconds(0)
                : std::clamp(2 * pause, kTick, milliseconds(1000));
    const auto until = steady_clock::now() + pause + milliseconds(random() % 100);
    while (!stop.stop_requested() && steady_clock::now() < until) {
      callbacks_.tick();
      std::this_thread::sleep_for(std::min(kTick, milliseconds(50)));
    }
  }
}

void InvalidationLink::listen(const std::stop_token& stop) {
  RedisFailure failure{};
  std::string why;
  const auto link = RedisLink::open(settings_, RedisLink::resolve(settings_.host, settings_.port),
                                    steady_clock::now() + kConnect, failure, why);
  std::string subscribe, ping;
  write_command(subscribe, Command{"SUBSCRIBE", channel_});
  write_command(ping, Command{"PING"});
  Reply reply;
  if (!link || link->send(subscribe, steady_clock::now() + kConnect) != RedisFailure::none ||
      link->receive(reply, steady_clock::now() + kConnect) != RedisFailure::none ||
      reply.kind != Reply::Kind::array)
    return;
  callbacks_.linked(true);
  observe::log(observe::Level::info, "cache", "invalidation link is up");

  bool asked = false;
  auto next_ping = steady_clock::now() + ping_;
  while (!stop.stop_requested()) {
    failure = link->receive(reply, std::min(next_ping, steady_clock::now() + kTick));
    callbacks_.tick();
    if (failure == RedisFailure::none) {
      asked = false;  // whatever arrives proves the link
      if (is_message(reply)) callbacks_.message(reply.items[2].text);
    } else if (failure != RedisFailure::timeout) {
      break;
    }
    if (steady_clock::now() < next_ping) continue;
    if (asked || link->send(ping, steady_clock::now() + ping_) != RedisFailure::none) break;
    asked = true;
    next_ping = steady_clock::now() + ping_;
  }
  if (!stop.stop_requested()) observe::log(observe::Level::warning, "cache", "invalidation link is lost");
}

}  // namespace kernel::cache
