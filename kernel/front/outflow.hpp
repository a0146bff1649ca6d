// The body of an answer that is written in pieces, with as much memory as its window and no more.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/front/flow.hpp"

namespace kernel::front {

/// Bytes a writer may be ahead of its connection. What the connection has taken out counts again, once.
inline constexpr std::size_t kDownloadWindow = 256 * 1024;
/// Of an event stream; a reader that is further behind is cut off. Room for some of the largest events at
/// once.
inline constexpr std::size_t kEventWindow = 256 * 1024;

struct OutflowSettings {
  enum class Kind : std::uint8_t { download, events };
  Kind kind = Kind::download;
  std::optional<std::uint64_t> length;  // bytes; without: chunked, or until the connection closes (HTTP/1.0)
  std::size_t window = kDownloadWindow;
  std::function<void()>
      on_end;  // called once, from whatever thread, when nothing more is taken; not to block
};

/// Thread-safe; one writer at a time.
class Outflow final : public Flow {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Result : std::uint8_t {
    fine,
    full,      // nothing (more) was taken: the window is full, or time was over
    gone,      // the client left, or the body has ended: stop
    too_much,  // more than the length that was promised; the body is cut
  };
  enum class End : std::uint8_t { open, finished, aborted, gone };

  Outflow(std::shared_ptr<Mailbox> mailbox, OutflowSettings settings);
  ~Outflow() override;

  /// Takes what has room, and says how much that was. Never blocks.
  Result offer(std::string_view bytes, std::size_t& taken);
  /// Takes all of it or nothing. Never blocks.
  Result offer_whole(std::string_view bytes);
  /// Waits until there is room, or nobody takes anything any more. False: time was over.
  bool wait_for_room(Clock::time_point until);
  /// Takes all of it, waiting for the client until then.
  Result write(std::string_view bytes, Clock::time_point until);

  /// The body is complete. errors: gone; too_much also where bytes are missing: the body is cut
  Result finish();
  /// The body is cut: the connection is reset, so that nobody takes what came for the whole.
  void abort();

  End end() const;
  OutflowSettings::Kind kind() const noexcept { return settings_.kind; }
  std::optional<std::uint64_t> length() const noexcept { return settings_.length; }
  /// Bytes taken from the writer so far.
  std::uint64_t total() const;

  // The loop's side.
  struct Taken {
    std::string bytes;
    End end;
  };
  Taken take();
  /// Nobody takes anything any more.
  void close() noexcept;

 private:
  Result accept(std::string_view bytes);
  void end_as(End end) noexcept;

  OutflowSettings settings_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::string pending_;
  std::uint64_t total_ = 0;
  End end_ = End::open;
  bool told_ = false;  // on_end
};

}  // namespace kernel::front
