// The table of channels.
#include "kernel/outbound/grpc/channels.hpp"

#include <random>

#include "kernel/observe/health.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/outbound/grpc/channel.hpp"

namespace kernel::outbound::rpc {

namespace {

Channels::Options completed(Channels::Options options) {
  if (!options.breaker_clock) options.breaker_clock = Clock::now;
  if (!options.random)
    options.random = [] {
      thread_local std::mt19937_64 engine(std::random_device{}());
      return std::uniform_real_distribution<double>(0, 1)(engine);
    };
  return options;
}

}  // namespace

Channels::Channels() : Channels(Options{}) {}
Channels::Channels(Options options) : options_(completed(std::move(options))) {}

Channels::~Channels() {
  stop();
}

void Channels::add(ChannelSettings settings) {
  const auto name = settings.upstream.name;
  const std::lock_guard lock(mutex_);
  const auto isolated = isolated_.find(name);
  auto channel = std::make_shared<Channel>(std::move(settings), options_,
                                           isolated != isolated_.end() && isolated->second);
  std::erase_if(replaced_, [](const auto& one) { return one.expired(); });
  auto& slot = channels_[name];
  if (slot) replaced_.push_back(slot);
  slot = std::move(channel);
}

void Channels::remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = channels_.find(name);
  if (found == channels_.end()) return;
  replaced_.push_back(found->second);
  channels_.erase(found);
  observe::health().remove(health_name(name));
}

bool Channels::knows(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return channels_.contains(name);
}

std::shared_ptr<Channel> Channels::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  if (stopped_) throw problem_for(Outcome::stopping, "stopping", false);
  const auto found = channels_.find(name);
  if (found == channels_.end())
    throw problem_for(Outcome::not_configured, "no channel " + std::string(name), false);
  return found->second;
}

Reply Channels::call(std::string_view name, Call call) {
  return find(name)->call(std::move(call));
}

std::shared_ptr<Stream> Channels::open(std::string_view name, Call call, std::shared_ptr<Listener> listener) {
  return find(name)->open(std::move(call), std::move(listener));
}

void Channels::isolate(std::string_view name, bool isolated) {
  std::shared_ptr<Channel> channel;
  {
    const std::lock_guard lock(mutex_);
    const auto found = channels_.find(name);
    if (found == channels_.end())
      throw portico::Problem(404, "upstream.unknown",
                             "no enabled plugin calls an upstream '" + std::string(name) + "'");
    isolated_.insert_or_assign(std::string(name), isolated);
    channel = found->second;
  }
  observe::log(observe::Level::warning, "outbound", isolated ? "upstream isolated" : "upstream restored",
               {{"upstream", name}});
  channel->isolate(isolated);
}

std::vector<LaneStats> Channels::stats() const {
  std::vector<LaneStats> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, channel] : channels_) channel->stats(out);
  return out;
}

void Channels::stop() {
  std::vector<std::shared_ptr<Channel>> all;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const auto& [name, channel] : channels_) all.push_back(channel);
    for (const auto& one : replaced_)
      if (auto channel = one.lock()) all.push_back(std::move(channel));
  }
  for (const auto& channel : all) channel->stop();
}

}  // namespace kernel::outbound::rpc
