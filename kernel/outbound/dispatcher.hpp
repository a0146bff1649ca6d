// Decides about every call: admit, queue, send, retry, refuse. One thread, no locks but those of its inbox.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

#include "kernel/outbound/event_loop.hpp"
#include "kernel/outbound/inbox.hpp"
#include "kernel/outbound/job.hpp"
#include "kernel/outbound/outbound.hpp"

namespace kernel::outbound {

class Dispatcher final : private EventLoop::Handler {
 public:
  explicit Dispatcher(Outbound::Options options);
  ~Dispatcher() override;

  /// Any thread. False once stopping: the job was not taken.
  bool submit(std::unique_ptr<Job>& job) { return inbox_.push(job); }

  /// Any thread: runs task on the event thread and waits. False once stopping.
  bool run_task(const std::function<void()>& task);

  bool on_event_thread() const noexcept { return std::this_thread::get_id() == thread_id_; }

  void stop();

  // What tasks do, on the event thread.
  void add(UpstreamSettings settings, Target target);
  void remove(const std::string& name);
  void report_bad_reply(const std::string& name, const std::string& lane);
  void isolate(const std::string& name, bool isolated);
  std::vector<LaneStats> stats();

 private:
  void run();
  void on_wake() override;
  void on_done(CURL* handle, CURLcode code) override;
  std::optional<Clock::time_point> on_time(Clock::time_point now) override;
  bool finished() const override { return stopped_; }

  void admit(std::unique_ptr<Job> owned);
  void enqueue(Job& job);
  void start(Job& job);
  void pump(const std::shared_ptr<Upstream>& upstream, Lane& lane);
  void pump_later(const std::shared_ptr<Upstream>& upstream, Lane& lane);
  void cancel(Job& job);
  void resume(std::uint64_t id);
  void look_for_silence(Job& job);
  void timer_fired(Job& job);

  void settle_attempt(Job& job, const Attempt& attempt);
  bool schedule_retry(Job& job, const Attempt& attempt);
  void give_back_permit(Job& job, const Attempt& attempt);
  void release_transfer(Job& job);

  void refuse(Job& job, Outcome outcome, std::string detail);
  void finish(Job& job, Result result, Outcome outcome);
  void fail_everything();
  void set_timer(Job& job, Clock::time_point due);
  void clear_timer(Job& job);
  void publish_breaker(Upstream& upstream, Lane& lane);
  void resize_connection_cache();

  Outbound::Options options_;
  std::mt19937_64 engine_;
  EventLoop loop_;

  Inbox inbox_;

  std::unordered_map<std::string, std::shared_ptr<Upstream>> upstreams_;
  std::set<std::string> isolated_;
  struct Paced {
    std::shared_ptr<Upstream> upstream;  // of the lane
    Clock::time_point due;
  };
  std::map<Lane*, Paced> paced_;  // lanes whose rate holds the next call back
  std::unordered_map<std::uint64_t, std::unique_ptr<Job>> jobs_;
  std::unordered_map<CURL*, Job*> sent_;
  std::vector<std::unique_ptr<Transfer>> idle_transfers_;
  Timers timers_;
  bool stopped_ = false;

  std::once_flag joined_;
  std::thread thread_;
  std::thread::id thread_id_;
};

}  // namespace kernel::outbound
