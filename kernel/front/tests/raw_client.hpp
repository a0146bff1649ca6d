// A blocking TCP client for tests: sends bytes as given, reads answers by their framing.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kernel::front::test {

struct Answer {
  int status = 0;
  std::string head;
  std::string body;

  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

/// Takes the next answer out of the buffer, which `fill` appends to and says false at the end.
template <class Fill>
Answer read_answer(std::string& buffer, Fill fill, bool of_head = false) {
  Answer answer;
  std::size_t end = std::string::npos;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return answer;
  }
  answer.head = buffer.substr(0, end + 4);
  buffer.erase(0, end + 4);
  if (!answer.head.starts_with("HTTP/1.1 "))
    throw std::runtime_error("the answer before it was longer than it said: " + answer.head);
  answer.status = std::stoi(answer.head.substr(9, 3));
  const auto at = answer.head.find("Content-Length: ");
  const std::size_t length = at == std::string::npos || of_head ? 0 : std::stoul(answer.head.substr(at + 16));
  while (buffer.size() < length) {
    if (!fill()) return {};
  }
  answer.body = buffer.substr(0, length);
  buffer.erase(0, length);
  return answer;
}

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{20, 0};  // a test that waits this long has failed
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int yes = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (receive_buffer > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("nobody takes the connection");
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  /// Closes so that the server sees a reset instead of an end.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  int descriptor() const { return socket_; }
  void finish_sending() { ::shutdown(socket_, SHUT_WR); }

  /// False when the server has closed before everything was taken.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// The next answer; status 0 when the connection ended instead.
  Answer receive(bool of_head = false) {
    return read_answer(
        buffer_, [this] { return fill(); }, of_head);
  }

  Answer ask(std::string_view bytes, bool of_head = false) {
    send(bytes);
    return receive(of_head);
  }

  /// Whatever has come, at least a byte; empty at the end.
  std::string receive_some() {
    if (buffer_.empty()) fill();
    return std::exchange(buffer_, {});
  }

  /// Has the server closed, with nothing more in between?
  bool at_end() { return buffer_.empty() && !fill() && !timed_out_; }

  /// Reads whatever comes until the end: is it a reset?
  bool ends_by_reset() {
    while (fill()) {
    }
    return reset_;
  }

  /// Reads whatever comes until the end.
  std::string rest() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
  }

 private:
  bool fill() {
    char bytes[16 * 1024];
    const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
    reset_ = got < 0 && errno == ECONNRESET;
    timed_out_ = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int socket_;
  std::string buffer_;
  bool timed_out_ = false;
  bool reset_ = false;
};

}  // namespace kernel::front::test
