// One connected socket, plain or TLS, read and written without blocking and without exceptions.
#pragma once

#include <Poco/Net/StreamSocket.h>
#include <openssl/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace kernel::front {

class Tls;

struct IoResult {
  enum class State : std::uint8_t { moved, would_block, closed, failed } state;
  std::size_t bytes = 0;  // when moved
};

/// Under TLS the handshake happens inside read() and write(), and either may have to wait for the other
/// direction: after would_block, any event of the socket is a reason to try again.
class Transport {
 public:
  /// Takes over a socket that accept() gave; tls may be null.
  /// errors    Problem 500 http.no_memory
  Transport(const Poco::Net::StreamSocket& socket, Tls* tls);
  Transport(Transport&&) noexcept = default;
  ~Transport();

  IoResult read(char* into, std::size_t size) noexcept;
  IoResult write(const iovec* parts, int count) noexcept;

  bool is_tls() const noexcept { return session_ != nullptr; }
  /// Has the handshake yet to end?
  bool in_handshake() const noexcept { return handshaking_; }
  /// Counts a handshake that its deadline ended.
  void give_up_handshake() noexcept;

  /// After a read that filled less than it was offered: is the kernel's buffer known to be empty?
  /// (Not so for TLS, which gives out one record at a time.)
  bool short_read_is_empty() const noexcept { return !is_tls(); }

  /// Says that nothing more will be sent; the peer may still send.
  void shutdown_send() noexcept;
  void close() noexcept;
  /// Makes close() a reset: the kernel forgets what it still holds for a peer that does not take it.
  void forget_unsent() noexcept;
  int descriptor() const noexcept { return descriptor_; }

 private:
  struct FreeSession {
    void operator()(SSL* session) const noexcept;
  };
  IoResult tls_result(int returned) noexcept;
  void say_goodbye() noexcept;
  void notice_handshake() noexcept;

  Poco::Net::StreamSocket socket_;
  int descriptor_;
  std::unique_ptr<SSL, FreeSession> session_;
  bool handshaking_ = false;
  bool broken_ = false;  // TLS failed: its session must not be used again
};

}  // namespace kernel::front
