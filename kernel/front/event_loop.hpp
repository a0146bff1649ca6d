// One reactor: a thread with an epoll set that owns its connections and everything they share.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "kernel/front/acceptor.hpp"
#include "kernel/front/answer_head.hpp"
#include "kernel/front/connection.hpp"
#include "kernel/front/exchange_state.hpp"
#include "kernel/front/gatekeeper.hpp"
#include "kernel/front/loop_counters.hpp"
#include "kernel/front/outbox.hpp"
#include "kernel/front/reactor.hpp"

namespace kernel::front {

class EventLoop;

/// What all loops of one front share; outlives them.
struct FrontShared {
  FrontSettings settings;
  Handler handler;
  BodyLimit body_limit;
  BodyGate body_gate;
  StreamedBody streamed_body;
  RefusalRenderer refusals;
  std::unique_ptr<Tls> tls;  // null for plain HTTP
  Gatekeeper gatekeeper;
  std::vector<EventLoop*> loops{};

  std::atomic<bool> draining{false};
  std::mutex drain_mutex;
  std::condition_variable drain_progressed;  // told while draining

  /// The answer to a refusal; a renderer that throws costs its body, not the answer.
  Response render(Refusal refusal) const noexcept;
};

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;

  explicit EventLoop(FrontShared& shared);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// The loop whose thread this is; null elsewhere.
  static EventLoop* current() noexcept;

  /// acceptor  for the one loop that accepts for all, else null
  void start(Acceptor* acceptor);
  void stop() noexcept;  // joins

  // Any thread.
  void adopt(AcceptedSocket socket);
  void wake() noexcept { mailbox_->wake(); }
  std::size_t load() const noexcept { return load_.load(std::memory_order_relaxed); }
  bool has_seen_drain() const noexcept { return drain_seen_.load(std::memory_order_acquire); }
  bool is_home_of(const ExchangeState& state) const noexcept { return state.mailbox == mailbox_; }
  const LoopCounters& counters() const noexcept { return counters_; }

  // The loop's own thread; for exchanges and connections.
  void take_back(ExchangeState& state);
  ExchangeState* new_state();
  void recycle(ExchangeState* state) noexcept;
  void schedule(Connection& connection);
  void bury(Connection& connection);
  FrontShared& shared() noexcept { return shared_; }
  LoopCounters& counters() noexcept { return counters_; }
  SpareTexts& spares() noexcept { return spares_; }
  std::span<char> scratch() noexcept { return scratch_; }
  const std::shared_ptr<Mailbox>& mailbox() const noexcept { return mailbox_; }
  Clock::time_point now() const noexcept { return now_; }
  bool draining() const noexcept { return draining_; }
  Clock::time_point draining_since() const noexcept { return draining_since_; }
  std::string_view date_line();

 private:
  void run() noexcept;
  void turn();
  template <class Work>
  void guarded(Connection& connection, Work work);
  Acceptor::Outcome accept();
  void open_adopted();
  void take_mail();
  void notice_drain();
  void tell_who_drains();
  void check_times();
  void run_ready();
  void bury_dead();
  void watch(int descriptor, std::uint32_t events, void* tag);
  int wait_ms() const noexcept;
  void leave() noexcept;

  FrontShared& shared_;
  std::shared_ptr<Mailbox> mailbox_;  // shared with the exchanges in flight
  int epoll_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> load_{0};
  std::atomic<bool> drain_seen_{false};  // and every connection accepted before it has been given to a loop

  Acceptor* acceptor_ = nullptr;
  bool accepting_ = false;  // the listener is in the epoll set
  std::mutex adopted_mutex_;
  std::vector<AcceptedSocket> adopted_;

  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> ready_;
  std::vector<Connection*> dead_;
  std::vector<std::unique_ptr<ExchangeState>> free_states_;
  std::vector<std::shared_ptr<Flow>> flows_;  // noted bodies; empty between turns
  std::vector<char> scratch_;
  SpareTexts spares_;
  DateLine date_;
  LoopCounters counters_;

  Clock::time_point now_;
  Clock::time_point next_check_;
  Clock::duration check_every_;
  bool draining_ = false;
  bool left_ = false;
  Clock::time_point draining_since_;
};

}  // namespace kernel::front
