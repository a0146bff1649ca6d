// What an Exchange points to, and the mailbox by which other threads hand it back to its event loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "kernel/front/message.hpp"

namespace kernel::front {

class Connection;
class Mailbox;

/// Owned by one side at a time: the event loop, then the Exchange, then (with the answer in it) the loop
/// again.
struct ExchangeState {
  Request request;
  Response response;
  std::atomic<bool> cancelled{false};

  std::shared_ptr<Mailbox> mailbox;  // its loop's, shared with that loop: it must outlive both

  // The event loop's own.
  Connection* connection = nullptr;  // null once the connection is gone
  ExchangeState* next = nullptr;     // in the connection's order
  bool answered = false;
  bool head_only = false;  // HEAD: the body counts but is not sent

  // Written by the side that answers, read by the loop after the hand-over.
  bool dropped = false;  // gave no answer
  ExchangeState* next_in_mail = nullptr;
};

/// Answered exchanges on their way to the event loop: a lock-free stack, and one wake-up per batch.
class Mailbox {
 public:
  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Any thread. Frees the state when the loop is gone.
  void post(ExchangeState* state) noexcept;
  /// Any thread: makes the loop look around.
  void wake() noexcept;

  // The loop's side.
  int descriptor() const noexcept { return wakeup_; }
  void clear_wakeup() noexcept;
  /// What has come, oldest first.
  ExchangeState* take() noexcept;
  /// Takes what has come and lets everything later be freed by post().
  ExchangeState* close() noexcept;

 private:
  static ExchangeState* in_order(ExchangeState* newest_first) noexcept;

  int wakeup_;
  std::atomic<ExchangeState*> newest_{nullptr};
};

}  // namespace kernel::front
