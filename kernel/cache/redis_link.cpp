// One connection to Redis.
#include "kernel/cache/redis_link.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kernel::cache {
namespace {

/// none when ready, timeout past the deadline.
RedisFailure wait(int socket, short events, RedisLink::Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return RedisFailure::timeout;
    pollfd one{socket, events, 0};
    const int got = poll(&one, 1, static_cast<int>(left.count()));
    if (got > 0) return RedisFailure::none;
    if (got < 0 && errno != EINTR) return RedisFailure::away;
  }
}

}  // namespace

std::vector<std::string> RedisLink::resolve(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  std::vector<std::string> out;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return out;
  for (const addrinfo* one = found; one; one = one->ai_next)
    out.emplace_back(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen);
  freeaddrinfo(found);
  return out;
}

int RedisLink::dial(const std::string& address, Deadline deadline, RedisFailure& failure) {
  sockaddr_storage storage{};
  std::memcpy(&storage, address.data(), std::min(address.size(), sizeof storage));
  const int socket = ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  failure = RedisFailure::away;
  if (socket < 0) return -1;
  const int yes = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&storage), static_cast<socklen_t>(address.size())) ==
      0) {
    failure = RedisFailure::none;
    return socket;
  }
  if (errno == EINPROGRESS) {
    failure = wait(socket, POLLOUT, deadline);
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
    if (failure == RedisFailure::none && error == 0) return socket;
    if (error != 0) failure = RedisFailure::away;
  }
  close(socket);
  return -1;
}

std::unique_ptr<RedisLink> RedisLink::open(const RedisSettings& settings,
                                           const std::vector<std::string>& addresses, Deadline deadline,
                                           RedisFailure& failure, std::string& why) {
  failure = RedisFailure::away;
  why = "no such host";
  int socket = -1;
  for (const std::string& address : addresses) {
    socket = dial(address, deadline, failure);
    if (socket >= 0) break;
    why = "cannot connect";
  }
  if (socket < 0) return nullptr;
  std::unique_ptr<RedisLink> link(new RedisLink(socket));
  std::vector<Command> greetings;
  if (!settings.password.empty() && settings.user.empty()) greetings.push_back({"AUTH", settings.password});
  if (!settings.password.empty() && !settings.user.empty())
    greetings.push_back({"AUTH", settings.user, settings.password});
  if (settings.database != 0) greetings.push_back({"SELECT", std::to_string(settings.database)});
  std::string bytes;
  for (const Command& greeting : greetings) write_command(bytes, greeting);
  if (!bytes.empty()) failure = link->send(bytes, deadline);
  for (std::size_t i = 0; failure == RedisFailure::none && i < greetings.size(); ++i) {
    Reply reply;
    failure = link->receive(reply, deadline);
    why = "no answer to the sign-in";
    if (failure == RedisFailure::none && reply.kind == Reply::Kind::error) {
      failure = RedisFailure::away;
      why = "sign-in refused: " + reply.text;
    }
  }
  if (failure != RedisFailure::none) return nullptr;
  return link;
}

RedisLink::~RedisLink() {
  close(socket_);
}

RedisFailure RedisLink::send(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (const auto failure = wait(socket_, POLLOUT, deadline); failure != RedisFailure::none)
        return failure;
    } else if (errno != EINTR) {
      return RedisFailure::away;
    }
  }
  return RedisFailure::none;
}

RedisFailure RedisLink::receive(Reply& reply, Deadline deadline) {
  for (;;) {
    if (buffer_.size() > read_at_) {
      std::size_t consumed = 0;
      const auto status = parse_reply(std::string_view(buffer_).substr(read_at_), reply, consumed);
      if (status == RespStatus::malformed) return RedisFailure::protocol;
      if (status == RespStatus::complete) {
        read_at_ += consumed;
        if (read_at_ < buffer_.size()) return RedisFailure::none;
        buffer_.clear();
        read_at_ = 0;
        if (buffer_.capacity() > (1u << 20)) buffer_.shrink_to_fit();
        return RedisFailure::none;
      }
    }
    if (const auto failure = fill(deadline); failure != RedisFailure::none) return failure;
  }
}

RedisFailure RedisLink::fill(Deadline deadline) {
  // Everything that is there, so that a long reply is parsed once a wake-up and not once a packet.
  for (bool got_some = false;;) {
    char chunk[16384];
    const auto got = recv(socket_, chunk, sizeof chunk, 0);
    if (got > 0) {
      buffer_.append(chunk, static_cast<std::size_t>(got));
      got_some = true;
      if (static_cast<std::size_t>(got) < sizeof chunk) return RedisFailure::none;
    } else if (got == 0) {
      return got_some ? RedisFailure::none : RedisFailure::away;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (got_some) return RedisFailure::none;
      if (const auto failure = wait(socket_, POLLIN, deadline); failure != RedisFailure::none) return failure;
    } else if (errno != EINTR) {
      return RedisFailure::away;
    }
  }
}

bool RedisLink::usable() const {
  if (read_at_ != buffer_.size()) return false;
  pollfd one{socket_, POLLIN, 0};
  return poll(&one, 1, 0) == 0;
}

}  // namespace kernel::cache
