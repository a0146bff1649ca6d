// One connected socket, read and written without blocking and without exceptions; the place where TLS slots
// in.
#pragma once

#include <Poco/Net/StreamSocket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

namespace kernel::front {

struct IoResult {
  enum class State : std::uint8_t { moved, would_block, closed, failed } state;
  std::size_t bytes = 0;  // when moved
};

class Transport {
 public:
  /// Takes over a socket that accept() gave.
  explicit Transport(Poco::Net::StreamSocket socket);

  IoResult read(char* into, std::size_t size) noexcept;
  IoResult write(const iovec* parts, int count) noexcept;

  /// After a read that filled less than it was offered: is the kernel's buffer known to be empty?
  /// (Not so for TLS, whose library buffers records of its own.)
  static constexpr bool short_read_is_empty() noexcept { return true; }

  /// Says that nothing more will be sent; the peer may still send.
  void shutdown_send() noexcept;
  void close() noexcept;
  int descriptor() const noexcept { return descriptor_; }

 private:
  Poco::Net::StreamSocket socket_;
  int descriptor_;
};

}  // namespace kernel::front
