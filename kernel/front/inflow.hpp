// The body of a request that is read in pieces while it comes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "kernel/front/flow.hpp"
#include "kernel/front/limits.hpp"

namespace kernel::front {

/// Bytes that wait for a reader; with more the connection stops reading. One read of the socket may come on
/// top.
inline constexpr std::size_t kUploadWindow = 64 * 1024;

/// Thread-safe; one reader at a time. Nothing is read from the client, and no 100 Continue sent, before the
/// first read().
class Inflow final : public Flow {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Result : std::uint8_t {
    some,      // at least a byte
    complete,  // no more will come
    late,      // nothing came until then
    failed,    // see failure()
  };

  explicit Inflow(std::shared_ptr<Mailbox> mailbox) noexcept : Flow(std::move(mailbox)) {}

  /// Waits until then for the next bytes; `got` says how many.
  Result read(char* into, std::size_t size, Clock::time_point until, std::size_t& got);

  /// Why no more comes: the front's refusal; `truncated` also when it was answered before it was read.
  Refusal failure() const;

  // The loop's side.
  /// Is there somebody to read, and room?
  bool wants() const;
  bool wanted() const;
  void put(std::string_view bytes);
  void complete();
  void fail(Refusal why) noexcept;

 private:
  enum class State : std::uint8_t { open, complete, failed };

  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::string pending_;
  std::size_t used_ = 0;  // of pending_
  bool wanted_ = false;
  State state_ = State::open;
  Refusal failure_ = Refusal::truncated;
};

}  // namespace kernel::front
