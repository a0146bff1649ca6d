// Sockets and threads of the scripted server.
#include "kernel/outbound/tests/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <stdexcept>

namespace kernel::outbound::test {

bool Connection::receive() {
  char part[65536];
  const ssize_t n = ::recv(socket_, part, sizeof part, 0);
  if (n <= 0) return false;
  received_.append(part, static_cast<std::size_t>(n));
  return true;
}

std::string Connection::read_request() {
  std::size_t end;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive()) return {};
  }
  end += 4;
  std::size_t length = 0;
  if (const std::size_t at = received_.find("Content-Length: "); at < end) {
    std::from_chars(received_.data() + at + 16, received_.data() + end, length);
  }
  while (received_.size() < end + length) {
    if (!receive()) return {};
  }
  std::string request = received_.substr(0, end + length);
  received_.erase(0, end + length);
  return request;
}

std::string Connection::read_line() {
  std::size_t end;
  while ((end = received_.find("\r\n")) == std::string::npos) {
    if (!receive()) return {};
  }
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 2);
  return line;
}

bool Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool Connection::hung_up_within(std::chrono::milliseconds time) {
  pollfd peer{socket_, POLLRDHUP, 0};
  return ::poll(&peer, 1, static_cast<int>(time.count())) != 0;
}

void Connection::drip(std::string_view bytes, std::chrono::milliseconds pace) {
  while (send(bytes) && !hung_up_within(pace)) {
  }
}

void Connection::stall() {
  while (receive()) received_.clear();
}

void Connection::reset() {
  // Disconnecting to AF_UNSPEC sends a reset and keeps the number.
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  static_cast<void>(::connect(socket_, &nobody, sizeof nobody));
}

void Connection::close() {
  ::shutdown(socket_, SHUT_RDWR);
}

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, any, size) != 0 || ::listen(listener_, 1024) != 0 ||
      ::getsockname(listener_, any, &size) != 0) {
    throw std::runtime_error("test server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  threads_.clear();  // joins
  for (const int socket : sockets_) ::close(socket);
  ::close(listener_);
}

void ScriptedServer::accept_all() {
  while (!stopping_) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] {
      Connection connection(socket);
      script_(connection);
      connection.close();
    });
  }
}

std::string reply(int status, std::string_view body, std::string_view headers) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

ScriptedServer::Script answering(std::function<std::string(const std::string& request)> answer) {
  return [answer = std::move(answer)](Connection& connection) {
    for (std::string request; !(request = connection.read_request()).empty();) {
      const std::string bytes = answer(request);
      if (bytes.empty() || !connection.send(bytes)) return;
    }
  };
}

}  // namespace kernel::outbound::test
