// Plain TCP through the Poco socket's descriptor: StreamSocket::sendBytes throws when the send buffer is
// full.
#include "kernel/front/transport.hpp"

#include <Poco/Exception.h>
#include <sys/socket.h>

#include <cerrno>

namespace kernel::front {

namespace {

IoResult result_of(ssize_t moved) noexcept {
  if (moved >= 0) return {IoResult::State::moved, static_cast<std::size_t>(moved)};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoResult::State::would_block};
  return {IoResult::State::failed};
}

}  // namespace

Transport::Transport(Poco::Net::StreamSocket socket)
    : socket_(std::move(socket)), descriptor_(socket_.impl()->sockfd()) {
  socket_.setBlocking(false);
  socket_.setNoDelay(true);
}

IoResult Transport::read(char* into, std::size_t size) noexcept {
  ssize_t moved = 0;
  do {
    moved = ::recv(descriptor_, into, size, 0);
  } while (moved < 0 && errno == EINTR);
  if (moved == 0) return {IoResult::State::closed};
  return result_of(moved);
}

IoResult Transport::write(const iovec* parts, int count) noexcept {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<std::size_t>(count);
  ssize_t moved = 0;
  do {
    moved = count == 1 ? ::send(descriptor_, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL)
                       : ::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
  } while (moved < 0 && errno == EINTR);
  return result_of(moved);
}

void Transport::shutdown_send() noexcept {
  ::shutdown(descriptor_, SHUT_WR);
}

void Transport::close() noexcept {
  try {
    socket_.close();
  } catch (const Poco::Exception&) {  // the descriptor is gone either way
  }
}

}  // namespace kernel::front
