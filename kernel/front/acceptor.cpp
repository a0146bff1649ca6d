// Binding and accepting. No SO_REUSEPORT: with it, a second host on a taken port would not be noticed.
#include "kernel/front/acceptor.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <portico/problem.hpp>

#include "kernel/observe/log.hpp"

namespace kernel::front {

namespace {
constexpr int kBacklog = 1024;
constexpr int kAcceptedAtOnce = 64;
// The kernel would take megabytes for each client that does not read; connections inherit this.
constexpr int kUnsentInKernel = 128 * 1024;  // bytes
}  // namespace

Acceptor::Acceptor(const std::string& address, std::uint16_t port, Gatekeeper& gatekeeper)
    : gatekeeper_(gatekeeper) {
  try {
    const Poco::Net::SocketAddress where(address, port);
    if (where.family() == Poco::Net::SocketAddress::IPv6) {
      socket_.bind6(where, true, false, false);
    } else {
      socket_.bind(where, true, false);
    }
    socket_.listen(kBacklog);
    socket_.setBlocking(false);
    socket_.setOption(IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentInKernel);
    port_ = socket_.address().port();
  } catch (const Poco::Exception& e) {
    throw portico::Problem(500, "http.address_unusable",
                           fmt::format("{}:{}: {}", address, port, e.displayText()));
  }
}

int Acceptor::descriptor() const noexcept {
  return socket_.impl()->sockfd();
}

Acceptor::Outcome Acceptor::accept(const std::function<void(AcceptedSocket)>& pass_on,
                                   const std::function<void(Refusal)>& turned_away) noexcept {
  for (int i = 0; i < kAcceptedAtOnce; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const int descriptor = ::accept4(this->descriptor(), reinterpret_cast<sockaddr*>(&from), &size,
                                     SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        return Outcome::out_of_descriptors;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return Outcome::drained;
      continue;  // that one connection failed before it was accepted
    }
    try {
      Poco::Net::StreamSocket socket(new Poco::Net::StreamSocketImpl(descriptor));
      PeerAddress peer = PeerAddress::of(reinterpret_cast<const sockaddr&>(from));
      const auto refusal = gatekeeper_.enter(peer);
      if (refusal && !gatekeeper_.enter_refused()) {  // a flood: closed without a word
        turned_away(*refusal);
        continue;
      }
      pass_on({socket, std::move(peer), refusal});
    } catch (const std::exception& e) {
      observe::log(observe::Level::error, "front", "a connection could not be taken", {{"why", e.what()}});
    }
  }
  return Outcome::more;
}

void Acceptor::close() noexcept {
  try {
    socket_.close();
  } catch (const Poco::Exception&) {  // closed already
  }
}

}  // namespace kernel::front
