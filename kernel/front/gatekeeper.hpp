// Counts connections over all event loops, in all and per client address.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kernel/front/limits.hpp"

struct sockaddr;

namespace kernel::front {

/// A client's address in two forms; v4-mapped v6 addresses count as v4.
struct PeerAddress {
  std::string text;   // numeric, without port
  std::string group;  // what the per-address limit counts by: the v4 address, the /64 of a v6 one

  static PeerAddress of(const sockaddr& address);
};

class Gatekeeper {
 public:
  Gatekeeper(std::size_t in_all, std::size_t per_address, const std::vector<std::string>& uncounted);

  /// Counts the connection, or says why it must not be. Who is let in has to leave().
  std::optional<Refusal> enter(const PeerAddress& peer);
  void leave(const PeerAddress& peer) noexcept;

  /// A place for telling a refused client why; false when too many are being told already.
  bool enter_refused() noexcept;
  void leave_refused() noexcept;

 private:
  const std::size_t in_all_;
  const std::size_t per_address_;
  const std::unordered_set<std::string> uncounted_;
  std::mutex mutex_;  // taken when a connection comes or goes, never per request
  std::size_t open_ = 0;
  std::size_t refused_ = 0;
  std::unordered_map<std::string, std::size_t> by_address_;
};

}  // namespace kernel::front
