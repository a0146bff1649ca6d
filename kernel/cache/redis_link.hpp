// One connection to Redis whose every step ends by a deadline.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernel/cache/redis.hpp"

namespace kernel::cache {

/// Used by one thread at a time. After a failure it is only good for destruction; only receive() may be
/// called again after a timeout.
class RedisLink {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  /// Addresses of a host; may block on the name service, so never on a caller's thread. Empty: no such host.
  static std::vector<std::string> resolve(const std::string& host, int port);

  /// Connects, signs in, selects the database. Null with `failure` set otherwise.
  static std::unique_ptr<RedisLink> open(const RedisSettings& settings,
                                         const std::vector<std::string>& addresses, Deadline deadline,
                                         RedisFailure& failure, std::string& why);
  ~RedisLink();
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;

  RedisFailure send(std::string_view bytes, Deadline deadline);
  RedisFailure receive(Reply& reply, Deadline deadline);

  /// Idle and nothing has arrived: neither a farewell nor the late answer to somebody else's command.
  bool usable() const;

 private:
  explicit RedisLink(int socket) : socket_(socket) {}
  RedisFailure fill(Deadline deadline);
  static int dial(const std::string& address, Deadline deadline, RedisFailure& failure);

  int socket_;
  std::string buffer_;       // received, not yet read
  std::size_t read_at_ = 0;  // where the next reply begins in it
};

}  // namespace kernel::cache
