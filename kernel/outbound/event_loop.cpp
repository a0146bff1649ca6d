// The loop: wait, hand ready sockets to libcurl, run timers, report ended transfers.
#include "kernel/outbound/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace kernel::outbound {
namespace {

void check(CURLMcode code) {
  if (code != CURLM_OK) throw std::runtime_error(std::string("curl multi: ") + ::curl_multi_strerror(code));
}

/// libcurl's own tables; never cleaned up, since other users in the process may still run at exit.
void init_curl_once() {
  static const CURLcode code = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error(std::string("curl: ") + ::curl_easy_strerror(code));
}

}  // namespace

EventLoop::EventLoop() {
  init_curl_once();
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  multi_ = ::curl_multi_init();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  if (epoll_ < 0 || wake_ < 0 || !multi_ || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
    const int error = errno;
    if (multi_) ::curl_multi_cleanup(multi_);
    if (wake_ >= 0) ::close(wake_);
    if (epoll_ >= 0) ::close(epoll_);
    throw std::system_error(error, std::generic_category(), "outbound event loop");
  }
  ::curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &EventLoop::on_socket);
  ::curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  ::curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &EventLoop::on_timer);
  ::curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

EventLoop::~EventLoop() {
  ::curl_multi_cleanup(multi_);  // closes kept connections, which still calls on_socket
  ::close(wake_);
  ::close(epoll_);
}

void EventLoop::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);  // full only if already awake
}

void EventLoop::add(CURL* handle) {
  check(::curl_multi_add_handle(multi_, handle));
}

void EventLoop::resume(CURL* handle) {
  ::curl_easy_pause(handle, CURLPAUSE_CONT);  // what it says shows when the transfer ends
}

void EventLoop::remove(CURL* handle) noexcept {
  ::curl_multi_remove_handle(multi_, handle);
}

void EventLoop::keep_connections(long count) {
  check(::curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, count));
}

int EventLoop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known) {
  auto& loop = *static_cast<EventLoop*>(self);
  if (what == CURL_POLL_REMOVE) {
    ::epoll_ctl(loop.epoll_, EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  event.data.fd = socket;
  const int operation = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (::epoll_ctl(loop.epoll_, operation, socket, &event) != 0) {
    // libcurl may know a socket number that the kernel has meanwhile given out anew, or the other way round.
    const int other = errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (::epoll_ctl(loop.epoll_, other, socket, &event) != 0) return -1;
  }
  if (!known) ::curl_multi_assign(loop.multi_, socket, self);
  return 0;
}

int EventLoop::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& due = static_cast<EventLoop*>(self)->curl_due_;
  due.reset();
  if (timeout_ms >= 0) due = Clock::now() + std::chrono::milliseconds(timeout_ms);
  return 0;
}

void EventLoop::act(curl_socket_t socket, int events) {
  int running = 0;
  check(::curl_multi_socket_action(multi_, socket, events, &running));
}

void EventLoop::report_done(Handler& handler) {
  int left = 0;
  while (CURLMsg* message = ::curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;
    ::curl_multi_remove_handle(multi_, handle);
    handler.on_done(handle, code);
  }
}

int EventLoop::wait_ms(std::optional<Clock::time_point> next) const {
  if (curl_due_ && (!next || *curl_due_ < *next)) next = curl_due_;
  if (!next) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

void EventLoop::run(Handler& handler) {
  std::array<epoll_event, 256> ready;
  while (!handler.finished()) {
    const std::optional<Clock::time_point> next = handler.on_time(Clock::now());
    const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), wait_ms(next));
    if (count < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "epoll_wait");
    bool woken = false;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = ready[static_cast<std::size_t>(i)];
      if (event.data.fd == wake_) {
        woken = true;
        continue;
      }
      const int events = (event.events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                         (event.events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                         (event.events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
      act(event.data.fd, events);
    }
    report_done(handler);
    if (woken) {
      std::uint64_t wakes = 0;
      [[maybe_unused]] const ssize_t got = ::read(wake_, &wakes, sizeof wakes);
      handler.on_wake();
    }
    if (curl_due_ && *curl_due_ <= Clock::now()) {
      curl_due_.reset();
      act(CURL_SOCKET_TIMEOUT, 0);
      report_done(handler);
    }
  }
}

}  // namespace kernel::outbound
