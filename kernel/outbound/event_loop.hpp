// libcurl's multi interface on one epoll: sockets, one time-out, one wake-up descriptor.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <optional>

#include "kernel/outbound/outbound.hpp"

namespace kernel::outbound {

/// Runs transfers on the thread that calls run(). Everything but wake() belongs to that thread.
class EventLoop {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    /// wake() was called, once or more.
    virtual void on_wake() = 0;
    /// A transfer ended; its handle is already out of the loop.
    virtual void on_done(CURL* handle, CURLcode code) = 0;
    /// Runs what is due and says when the next thing is; nothing: no timer.
    virtual std::optional<Clock::time_point> on_time(Clock::time_point now) = 0;
    virtual bool finished() const = 0;
  };

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void run(Handler& handler);

  /// Any thread: has on_wake called soon.
  void wake() noexcept;

  void add(CURL* handle);
  void resume(CURL* handle);           // one whose write function has paused it
  void remove(CURL* handle) noexcept;  // gives the transfer up; on_done is not called

  /// Connections kept for reuse. Below the number in flight, libcurl closes and reopens all the time.
  void keep_connections(long count);

 private:
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);
  void act(curl_socket_t socket, int events);
  void report_done(Handler& handler);
  int wait_ms(std::optional<Clock::time_point> next) const;

  int epoll_ = -1;
  int wake_ = -1;
  CURLM* multi_ = nullptr;
  std::optional<Clock::time_point> curl_due_;
};

}  // namespace kernel::outbound
