// Writes log lines whole, gives up on a reader that does not read, and counts both.
#include "kernel/observe/log_sink.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "kernel/observe/metrics.hpp"

namespace kernel::observe {

namespace {

constexpr int kPatienceMs = 50;
constexpr auto kGathered = std::chrono::milliseconds(20);
constexpr std::size_t kEnoughAtOnce = 64 * 1024;  // wakes the writer early

void count_written(Level level) {
  static Counter* const counts[] = {
      &counter("portico_log_lines_total", "Log lines written or waiting.", {{"level", "debug"}}),
      &counter("portico_log_lines_total", "Log lines written or waiting.", {{"level", "info"}}),
      &counter("portico_log_lines_total", "Log lines written or waiting.", {{"level", "warning"}}),
      &counter("portico_log_lines_total", "Log lines written or waiting.", {{"level", "error"}}),
  };
  counts[static_cast<std::size_t>(level)]->add();
}

void count_dropped(std::size_t lines) {
  static Counter& dropped =
      counter("portico_log_dropped_total", "Log lines dropped because nobody read them.");
  dropped.add(static_cast<double>(lines));
}

/// The longest run of whole lines that is written at once.
std::string_view first_part(std::string_view lines) noexcept {
  if (lines.size() <= Sink::kMostAtOnce) return lines;
  return lines.substr(0, lines.rfind('\n', Sink::kMostAtOnce - 1) + 1);
}

}  // namespace

void Sink::take(std::string_view line, Level level) {
  if (batching_.load(std::memory_order_relaxed)) {
    bool wake = false;
    bool room = false;
    {
      const std::lock_guard lock(waiting_mutex_);
      room = waiting_.size() + line.size() <= kMostWaiting;
      if (room) {
        const std::size_t before = waiting_.size();
        waiting_.append(line);
        if (level >= Level::warning) urgent_ = true;
        wake = before == 0 || urgent_ || (before < kEnoughAtOnce && waiting_.size() >= kEnoughAtOnce);
      }
    }
    if (!room) return count_dropped(1);
    count_written(level);
    if (wake) more_.notify_one();
    return;
  }
  const std::lock_guard lock(write_mutex_);
  if (write(line)) {
    count_written(level);
  } else {
    count_dropped(1);
  }
}

void Sink::set_descriptor(int descriptor) noexcept {
  flush();
  const std::lock_guard lock(write_mutex_);
  descriptor_ = descriptor;
  patient_ = true;
}

void Sink::start_batching() {
  // The process's signals are for the thread that waits for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  stopping_ = false;
  writer_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  batching_.store(true);
}

void Sink::stop_batching() noexcept {
  batching_.store(false);
  {
    const std::lock_guard lock(waiting_mutex_);
    stopping_ = true;
  }
  more_.notify_one();
  if (writer_.joinable()) writer_.join();
  flush();  // of who was about to add a line meanwhile
}

void Sink::flush() noexcept {
  write_waiting();
}

void Sink::run() noexcept {
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(waiting_mutex_);
      more_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      more_.wait_for(lock, kGathered,
                     [&] { return stopping_ || urgent_ || waiting_.size() >= kEnoughAtOnce; });
      urgent_ = false;
      last = stopping_;
    }
    write_waiting();
  }
}

void Sink::write_waiting() noexcept {
  const std::lock_guard lock(write_mutex_);
  leaving_.clear();
  {
    const std::lock_guard taking(waiting_mutex_);
    leaving_.swap(waiting_);
  }
  write_lines(leaving_);
}

void Sink::write_lines(std::string_view lines) noexcept {
  while (!lines.empty()) {
    const std::string_view part = first_part(lines);
    if (!write(part)) count_dropped(static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n')));
    lines.remove_prefix(part.size());
  }
}

// Once a part found no reader, later ones do not wait until one leaves again.
bool Sink::write(std::string_view lines) noexcept {
  if (!writable(patient_ ? kPatienceMs : 0)) {
    patient_ = false;
    return false;
  }
  patient_ = true;
  while (!lines.empty()) {
    const ssize_t n = ::write(descriptor_, lines.data(), lines.size());
    if (n > 0) {
      lines.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else if (n < 0 && errno == EAGAIN && writable(kPatienceMs)) {
      continue;  // a descriptor somebody made non-blocking
    } else {
      return false;
    }
  }
  return true;
}

bool Sink::writable(int patience_ms) const noexcept {
  pollfd p{descriptor_, POLLOUT, 0};
  const int ready = ::poll(&p, 1, patience_ms);
  return ready > 0 && (p.revents & POLLOUT) != 0;
}

Sink& sink() noexcept {
  static Sink* const one = new Sink;
  return *one;
}

}  // namespace kernel::observe
