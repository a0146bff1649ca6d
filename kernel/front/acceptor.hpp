// The listening socket; one event loop accepts for all of them and spreads the connections evenly.
#pragma once

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "kernel/front/gatekeeper.hpp"

namespace kernel::front {

struct AcceptedSocket {
  Poco::Net::StreamSocket socket;
  PeerAddress peer;
  std::optional<Refusal> refusal;  // to be told why it may not stay
};

class Acceptor {
 public:
  enum class Outcome : std::uint8_t { drained, more, out_of_descriptors };

  /// errors  Problem 500 http.address_unusable
  Acceptor(const std::string& address, std::uint16_t port, Gatekeeper& gatekeeper);

  std::uint16_t port() const noexcept { return port_; }
  int descriptor() const noexcept;

  /// Accepts a bounded number of waiting connections and passes each on, except those that are closed at once
  /// because too many are being told already that they may not stay.
  Outcome accept(const std::function<void(AcceptedSocket)>& pass_on,
                 const std::function<void(Refusal)>& turned_away) noexcept;
  void close() noexcept;

 private:
  Gatekeeper& gatekeeper_;
  Poco::Net::ServerSocket socket_;
  std::uint16_t port_ = 0;
};

}  // namespace kernel::front
