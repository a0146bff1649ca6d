// Plain TCP through the Poco socket's descriptor (its sendBytes throws when the send buffer is full), TLS
// through OpenSSL on the same descriptor.
#include "kernel/front/transport.hpp"

#include <Poco/Exception.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <portico/problem.hpp>

#include "kernel/front/tls.hpp"
#include "kernel/front/tls_counters.hpp"

namespace kernel::front {

namespace {

constexpr std::size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH;

IoResult result_of(ssize_t moved) noexcept {
  if (moved >= 0) return {IoResult::State::moved, static_cast<std::size_t>(moved)};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoResult::State::would_block};
  return {IoResult::State::failed};
}

/// The bytes of the next record. What was gathered once is gathered again after would_block, perhaps with
/// more behind it, as OpenSSL asks for.
std::string_view next_record(const iovec* parts, int count) noexcept {
  thread_local std::array<char, kRecord> gathered;
  if (count == 1 || parts[0].iov_len >= kRecord)
    return {static_cast<const char*>(parts[0].iov_base), std::min(parts[0].iov_len, kRecord)};
  std::size_t size = 0;
  for (int i = 0; i < count && size < kRecord; ++i) {
    const std::size_t taken = std::min(parts[i].iov_len, kRecord - size);
    std::memcpy(gathered.data() + size, parts[i].iov_base, taken);
    size += taken;
  }
  return {gathered.data(), size};
}

}  // namespace

void Transport::FreeSession::operator()(SSL* session) const noexcept {
  SSL_free(session);
}

Transport::Transport(const Poco::Net::StreamSocket& socket, Tls* tls)
    : socket_(socket), descriptor_(socket_.impl()->sockfd()) {
  socket_.setBlocking(false);
  socket_.setNoDelay(true);
  if (tls == nullptr) return;
  session_.reset(tls->new_session(descriptor_));
  if (!session_) throw portico::Problem(500, "http.no_memory", "no memory for a TLS session");
  handshaking_ = true;
}

Transport::~Transport() = default;

IoResult Transport::read(char* into, std::size_t size) noexcept {
  if (is_tls()) {
    if (broken_) return {IoResult::State::failed};
    ERR_clear_error();
    return tls_result(SSL_read(session_.get(), into, static_cast<int>(size)));
  }
  ssize_t moved = 0;
  do {
    moved = ::recv(descriptor_, into, size, 0);
  } while (moved < 0 && errno == EINTR);
  if (moved == 0) return {IoResult::State::closed};
  return result_of(moved);
}

IoResult Transport::write(const iovec* parts, int count) noexcept {
  if (is_tls()) {
    if (broken_) return {IoResult::State::failed};
    const std::string_view record = next_record(parts, count);
    ERR_clear_error();
    return tls_result(SSL_write(session_.get(), record.data(), static_cast<int>(record.size())));
  }
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

IoResult Transport::tls_result(int returned) noexcept {
  if (handshaking_) notice_handshake();
  if (returned > 0) return {IoResult::State::moved, static_cast<std::size_t>(returned)};
  switch (SSL_get_error(session_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {IoResult::State::would_block};
    case SSL_ERROR_ZERO_RETURN:
      return {IoResult::State::closed};
    default:
      // Also an end of the stream without close_notify: what came before it may have been cut off.
      count_tls_failure(handshaking_);
      broken_ = true;
      return {IoResult::State::failed};
  }
}

void Transport::notice_handshake() noexcept {
  if (SSL_is_init_finished(session_.get()) != 1) return;
  handshaking_ = false;
  count_tls_handshake(*session_);
}

void Transport::give_up_handshake() noexcept {
  count_tls_timeout();
}

// Told once and not waited for; where the socket is full the peer sees the end without it.
void Transport::say_goodbye() noexcept {
  if (!is_tls() || broken_ || handshaking_ || (SSL_get_shutdown(session_.get()) & SSL_SENT_SHUTDOWN) != 0)
    return;
  ERR_clear_error();
  SSL_shutdown(session_.get());
  ERR_clear_error();
}

void Transport::shutdown_send() noexcept {
  say_goodbye();
  ::shutdown(descriptor_, SHUT_WR);
}

void Transport::forget_unsent() noexcept {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  broken_ = true;
}

void Transport::close() noexcept {
  say_goodbye();
  try {
    socket_.close();
  } catch (const Poco::Exception&) {  // the descriptor is gone either way
  }
}

}  // namespace kernel::front
