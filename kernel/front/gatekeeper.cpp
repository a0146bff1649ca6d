// Admission of connections.
#include "kernel/front/gatekeeper.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace kernel::front {

namespace {
constexpr std::size_t kRefusedAtOnce = 64;
constexpr std::size_t kPrefixBytes = 8;  // a v6 client commonly owns a /64
}  // namespace

PeerAddress PeerAddress::of(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      ::inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text.data(), text.size());
      return {text.data(), text.data()};
    }
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return {text.data(), std::string(reinterpret_cast<const char*>(v6.sin6_addr.s6_addr), kPrefixBytes)};
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
  ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  return {text.data(), text.data()};
}

Gatekeeper::Gatekeeper(std::size_t in_all, std::size_t per_address, const std::vector<std::string>& uncounted)
    : in_all_(in_all), per_address_(per_address), uncounted_(uncounted.begin(), uncounted.end()) {}

std::optional<Refusal> Gatekeeper::enter(const PeerAddress& peer) {
  const std::lock_guard lock(mutex_);
  if (open_ >= in_all_) return Refusal::too_many_connections;
  if (!uncounted_.contains(peer.text)) {
    std::size_t& count = by_address_[peer.group];
    if (count >= per_address_) return Refusal::too_many_connections_of_address;
    ++count;
  }
  ++open_;
  return std::nullopt;
}

void Gatekeeper::leave(const PeerAddress& peer) noexcept {
  const std::lock_guard lock(mutex_);
  --open_;
  if (uncounted_.contains(peer.text)) return;
  const auto found = by_address_.find(peer.group);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

bool Gatekeeper::enter_refused() noexcept {
  const std::lock_guard lock(mutex_);
  if (refused_ >= kRefusedAtOnce) return false;
  ++refused_;
  return true;
}

void Gatekeeper::leave_refused() noexcept {
  const std::lock_guard lock(mutex_);
  --refused_;
}

}  // namespace kernel::front
