// Where composed log lines go: straight to a descriptor, or by way of a bounded buffer and a thread.
#pragma once

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "kernel/observe/log.hpp"

namespace kernel::observe {

class Sink {
 public:
  /// PIPE_BUF on Linux: a pipe that polls writable takes that much at once, so a write never blocks half-way,
  /// and lines of several processes do not mix.
  static constexpr std::size_t kMostAtOnce = 4096;
  static constexpr std::size_t kMostWaiting = 1024 * 1024;  // bytes

  /// Takes one whole line with its end: written or waiting, else counted as dropped.
  void take(std::string_view line, Level level);

  void set_descriptor(int descriptor) noexcept;
  void start_batching();
  void stop_batching() noexcept;
  void flush() noexcept;

 private:
  void run() noexcept;
  void write_waiting() noexcept;
  void write_lines(std::string_view lines) noexcept;
  bool write(std::string_view lines) noexcept;
  bool writable(int patience_ms) const noexcept;

  std::mutex waiting_mutex_;  // never held while writing
  std::condition_variable more_;
  std::string waiting_;
  bool urgent_ = false;  // a warning or an error is among them
  bool stopping_ = false;
  std::atomic<bool> batching_{false};
  std::thread writer_;

  std::mutex write_mutex_;  // of what follows; taken before waiting_mutex_
  std::string leaving_;
  int descriptor_ = STDERR_FILENO;
  bool patient_ = true;
};

/// The process's one sink, never destroyed: threads may still log while the process ends.
Sink& sink() noexcept;

}  // namespace kernel::observe
