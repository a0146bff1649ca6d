// The standing connection on which replicas tell each other what is no longer true.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "kernel/cache/redis.hpp"

namespace kernel::cache {

/// Subscribes on a thread of its own, proves the link by a PING per interval, and comes back after a loss.
class InvalidationLink {
 public:
  struct Callbacks {
    std::function<void(bool linked)> linked;          // state changed
    std::function<void(const std::string&)> message;  // payload
    std::function<void()> tick;  // about ten times a second, linked or not; must not block long
  };

  InvalidationLink(RedisSettings settings, std::string channel, std::chrono::milliseconds ping,
                   Callbacks callbacks);
  ~InvalidationLink();
  InvalidationLink(const InvalidationLink&) = delete;
  InvalidationLink& operator=(const InvalidationLink&) = delete;

 private:
  void run(const std::stop_token& stop);
  void listen(const std::stop_token& stop);

  RedisSettings settings_;
  std::string channel_;
  std::chrono::milliseconds ping_;
  Callbacks callbacks_;
  std::jthread thread_;
};

}  // namespace kernel::cache
