// The least a server can do on this machine: an epoll loop a thread that counts "\r\n\r\n" and sends a fixed
// reply.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kEvents = 256;
constexpr std::size_t kScratch = 64 * 1024;

/// A listener of each thread's own: the kernel spreads the connections.
int listen_on(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 1024) != 0) {
    std::perror("floor: listen");
    std::exit(1);
  }
  return fd;
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/// How many requests end in these bytes; seen is how far into "\r\n\r\n" the connection is.
int ends_in(const char* bytes, ssize_t size, unsigned char& seen) {
  constexpr char kEnd[] = "\r\n\r\n";
  int ends = 0;
  for (ssize_t i = 0; i < size; ++i) {
    if (bytes[i] == kEnd[seen]) {
      if (++seen == 4) seen = 0, ++ends;
    } else {
      seen = bytes[i] == '\r' ? 1 : 0;
    }
  }
  return ends;
}

void serve(std::uint16_t port, const std::string& reply) {
  const int listener = listen_on(port);
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, listener);
  std::vector<unsigned char> seen;  // by descriptor
  std::vector<char> scratch(kScratch);
  std::string out;
  std::array<epoll_event, kEvents> events;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), kEvents, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        const int client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0) continue;
        const int on = 1;
        ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (seen.size() <= static_cast<std::size_t>(client))
          seen.resize(static_cast<std::size_t>(client) + 1);
        seen[static_cast<std::size_t>(client)] = 0;
        watch(epoll, client);
        continue;
      }
      const ssize_t got = ::read(fd, scratch.data(), scratch.size());
      if (got <= 0) {
        ::close(fd);
        continue;
      }
      const int ends = ends_in(scratch.data(), got, seen[static_cast<std::size_t>(fd)]);
      out.clear();
      for (int k = 0; k < ends; ++k) out += reply;
      // One that does not read what it asked for is no business of a floor.
      if (ends > 0 && ::write(fd, out.data(), out.size()) < 0) ::close(fd);
    }
  }
}

/// A reply of so many bytes, head included.
std::string reply_of(std::size_t bytes) {
  const auto head = [](std::size_t body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body) +
           "\r\n\r\n";
  };
  std::size_t body = bytes;
  while (body > 0 && head(body).size() + body > bytes) --body;
  return head(body) + std::string(body, 'x');
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: floor PORT THREADS REPLY_BYTES\n");
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const std::string reply = reply_of(static_cast<std::size_t>(std::atol(argv[3])));
  std::vector<std::jthread> threads;
  for (int i = 0; i < std::atoi(argv[2]); ++i) threads.emplace_back([&] { serve(port, reply); });
}
