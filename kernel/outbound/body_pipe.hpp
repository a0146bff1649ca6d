// The body of one reply on its way from the event thread to the thread that reads it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/outbound/outbound.hpp"

namespace kernel::outbound {

/// Holds at most kRoom bytes and one more piece: who writes looks at full() first, and is told once there is
/// room again.
class BodyPipe {
 public:
  static constexpr std::size_t kRoom = 256u << 10;

  explicit BodyPipe(std::size_t body_limit) : body_limit_(body_limit) {}

  /// Bytes of the whole body.
  std::size_t body_limit() const noexcept { return body_limit_; }

  // The event thread's side.

  /// resume: called on the reader's thread when a full pipe has room, until end(). It must not block.
  void on_room(std::function<void()> resume);
  /// True: no room; resume will be called.
  bool full();
  /// The first bytes are here; from now on the call is not repeated.
  void begin(Response head);
  void push(std::string_view bytes);
  /// The call is over: the last thing of this side.
  void end(Result result);

  bool begun() const;
  Clock::time_point begun_at() const;
  /// Whether the reader has ever been slower than the upstream.
  bool waited_for_reader() const;

  // The reader's side.

  /// Waits for the first bytes of the body, or for the whole reply where its body is not streamed or empty.
  /// errors    what ended the call
  Response wait_for_head();
  /// Waits for more. returns   how many bytes; 0: the body is complete. errors: what broke it off
  std::size_t read(char* into, std::size_t size);

 private:
  const std::size_t body_limit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> resume_;
  std::string held_;
  std::size_t taken_ = 0;  // of held_
  std::optional<Response> head_;
  std::optional<Clock::time_point> begun_at_;
  std::optional<Result> end_;
  bool wants_room_ = false, waited_ = false;
};

}  // namespace kernel::outbound
