// What an Exchange points to, and the mailbox by which other threads hand it back to its event loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "kernel/front/inflow.hpp"
#include "kernel/front/message.hpp"
#include "kernel/front/outflow.hpp"

namespace kernel::front {

class Connection;
class Mailbox;

/// Whether the client has gone: raised by the event loop, looked at or waited for by the side that answers.
class Cancellation {
 public:
  bool raised() const noexcept { return state_.load(std::memory_order_relaxed) == State::raised; }
  void raise() noexcept {
    if (state_.exchange(State::raised, std::memory_order_acq_rel) != State::watched) return;
    std::exchange(then_, nullptr)();
  }
  /// Once: `then` runs when it is raised, at once where it is already; it must neither block nor throw.
  void watch(std::function<void()> then) {
    then_ = std::move(then);
    State nothing = State::quiet;
    if (!state_.compare_exchange_strong(nothing, State::watched, std::memory_order_acq_rel))
      std::exchange(then_, nullptr)();
  }
  void reset(bool to_raised) noexcept {
    if (state_.exchange(to_raised ? State::raised : State::quiet, std::memory_order_relaxed) ==
        State::watched)
      then_ = nullptr;
  }

 private:
  enum class State : std::uint8_t { quiet, watched, raised };
  std::atomic<State> state_{State::quiet};
  std::function<void()> then_;
};

/// Owned by one side at a time: the event loop, then the Exchange, then (with the answer in it) the loop
/// again.
struct ExchangeState {
  Request request;
  Response response;
  Cancellation cancelled;
  std::shared_ptr<Inflow> inflow;    // of a body that is read in pieces; with the connection and the reader
  std::shared_ptr<Outflow> outflow;  // instead of the response's body; with the writer

  std::shared_ptr<Mailbox> mailbox;  // its loop's, shared with that loop: it must outlive both

  // The event loop's own.
  Connection* connection = nullptr;  // null once the connection is gone
  ExchangeState* next = nullptr;     // in the connection's order
  bool answered = false;
  bool head_only = false;  // HEAD: the body counts but is not sent

  // Written by the side that answers, read by the loop after the hand-over.
  bool dropped = false;  // gave no answer
  ExchangeState* next_in_mail = nullptr;

  ~ExchangeState() { end_flows(); }
  /// Who writes or reads a body learns that nobody is on the other side.
  void end_flows() noexcept {
    if (inflow) std::exchange(inflow, nullptr)->fail(Refusal::truncated);
    if (outflow) std::exchange(outflow, nullptr)->close();
  }
};

/// Answered exchanges, and notes about bodies, on their way to the event loop: a lock-free stack, a list, and
/// one wake-up per batch.
class Mailbox {
 public:
  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Any thread. Frees the state when the loop is gone.
  void post(ExchangeState* state) noexcept;
  /// Any thread: the loop is to look at that body. Dropped when the loop is gone.
  void post(std::shared_ptr<Flow> flow);
  /// Any thread: makes the loop look around.
  void wake() noexcept;

  // The loop's side.
  int descriptor() const noexcept { return wakeup_; }
  void clear_wakeup() noexcept;
  /// What has come, oldest first.
  ExchangeState* take() noexcept;
  /// The bodies noted since; swaps with what is empty.
  void take(std::vector<std::shared_ptr<Flow>>& flows);
  /// Takes what has come and lets everything later be freed by post().
  ExchangeState* close() noexcept;

 private:
  static ExchangeState* in_order(ExchangeState* newest_first) noexcept;

  int wakeup_;
  std::atomic<ExchangeState*> newest_{nullptr};
  std::atomic<bool> has_flows_{false};  // a hint, so that a turn without any takes no lock
  std::mutex flows_mutex_;
  std::vector<std::shared_ptr<Flow>> flows_;
  bool closed_ = false;  // for flows
};

}  // namespace kernel::front
