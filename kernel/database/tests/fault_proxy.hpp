// A TCP proxy for tests that can stand still or go away, as servers do.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace kernel::testing {

/// One thread forwards bytes between 127.0.0.1:port() and the target.
class FaultProxy {
 public:
  enum class Mode {
    forward,
    stall,  // connections stand, nothing moves; new ones are accepted by the kernel and never served
    gone,   // connections are cut, new ones refused
  };

  FaultProxy(const std::string& host, int port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
      throw std::runtime_error("the test proxy cannot find " + host);
    target_.assign(reinterpret_cast<char*>(found->ai_addr), found->ai_addrlen);
    family_ = found->ai_family;
    freeaddrinfo(found);
    listen_again();
    thread_ = std::jthread([this](const std::stop_token& stop) { forward(stop); });
  }
  ~FaultProxy() {
    thread_.request_stop();
    thread_.join();
    cut_all();
    if (listener_ >= 0) close(listener_);
  }
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  int port() const { return port_; }

  /// Returns when the mode is in force.
  void set(Mode mode) {
    wanted_ = mode;
    while (current_ != mode) std::this_thread::yield();
  }

 private:
  struct Pair {
    int a;
    int b;
  };

  void listen_again() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port_.load()));
    socklen_t length = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, 64) != 0)
      throw std::runtime_error("the test proxy cannot listen");
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }

  void cut_all() {
    for (const Pair& pair : pairs_) {
      close(pair.a);
      close(pair.b);
    }
    pairs_.clear();
  }

  void take_mode() {
    const Mode wanted = wanted_;
    if (wanted == current_) return;
    if (wanted == Mode::gone) {
      cut_all();
      close(std::exchange(listener_, -1));
    } else if (listener_ < 0) {
      listen_again();
    }
    current_ = wanted;
  }

  static bool pass(int from, int to) {
    char buffer[65536];
    const auto got = recv(from, buffer, sizeof buffer, 0);
    for (ssize_t sent = 0; sent < got;) {
      const auto now = send(to, buffer + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
      if (now <= 0) return false;
      sent += now;
    }
    return got > 0;
  }

  void forward(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      take_mode();
      std::vector<pollfd> fds;
      if (current_ == Mode::forward) {
        fds.push_back({listener_, POLLIN, 0});
        for (const Pair& pair : pairs_) {
          fds.push_back({pair.a, POLLIN, 0});
          fds.push_back({pair.b, POLLIN, 0});
        }
      }
      if (poll(fds.data(), fds.size(), 2) <= 0) continue;
      std::size_t at = 1;
      for (auto pair = pairs_.begin(); pair != pairs_.end(); at += 2) {
        const bool alive =
            (!fds[at].revents || pass(pair->a, pair->b)) && (!fds[at + 1].revents || pass(pair->b, pair->a));
        if (!alive) {
          close(pair->a);
          close(pair->b);
        }
        pair = alive ? std::next(pair) : pairs_.erase(pair);
      }
      if (fds[0].revents) {
        const int a = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const int b = socket(family_, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(b, reinterpret_cast<const sockaddr*>(target_.data()),
                    static_cast<socklen_t>(target_.size())) == 0) {
          pairs_.push_back({a, b});
        } else {
          close(a);
          close(b);
        }
      }
    }
  }

  std::string target_;  // a sockaddr
  int family_ = AF_INET;
  int listener_ = -1;
  std::atomic<int> port_{0};
  std::list<Pair> pairs_;
  std::atomic<Mode> wanted_{Mode::forward};
  std::atomic<Mode> current_{Mode::forward};
  std::jthread thread_;
};

}  // namespace kernel::testing
