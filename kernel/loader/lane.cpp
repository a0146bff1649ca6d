// Worker threads over one bounded queue.
#include "kernel/loader/lane.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ctime>

namespace kernel::loader {

namespace {

constexpr std::int64_t kOnlyIdle = 19;  // the last of the nice values

std::chrono::microseconds time_of(clockid_t clock) {
  timespec spent{};
  if (::clock_gettime(clock, &spent) != 0) return std::chrono::microseconds(0);
  return std::chrono::seconds(spent.tv_sec) +
         std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(spent.tv_nsec));
}

}  // namespace

Lane::Lane(std::string name, const LaneSpec& spec) : name_(std::move(name)), spec_(spec) {
  for (std::int64_t i = 0; i < spec_.workers; ++i) {
    workers_.emplace_back([this] { work(); });
    pthread_setname_np(workers_.back().native_handle(), name_.substr(0, 15).c_str());
  }
}

Lane::~Lane() {
  stop();
}

bool Lane::post(Job job, Room room) {
  using Clock = std::chrono::steady_clock;
  const bool bounded = room == Room::queue;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || (bounded && queue_.size() >= static_cast<std::size_t>(spec_.queue))) return false;
    queue_.push_back({std::move(job), bounded ? Clock::now() + std::chrono::milliseconds(spec_.wait_ms)
                                              : Clock::time_point::max()});
  }
  ready_.notify_one();
  return true;
}

void Lane::stop() {
  std::deque<Waiting> refused;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    refused.swap(queue_);
  }
  ready_.notify_all();
  for (auto& waiting : refused) waiting.job.refuse();
  for (auto& worker : workers_)
    if (worker.joinable()) worker.join();
}

std::chrono::microseconds Lane::processor_time() const {
  const std::lock_guard lock(mutex_);
  auto sum = ended_time_;
  for (const auto thread : running_) {
    clockid_t clock{};
    if (::pthread_getcpuclockid(thread, &clock) == 0) sum += time_of(clock);
  }
  return sum;
}

std::size_t Lane::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void Lane::work() {
  // Of this thread alone, as Linux has it; what a plugin burns then costs others less. At 19 it only runs
  // where nobody else wants to: others are then woken as on an idle processor.
  const sched_param none{};
  if (spec_.nice == kOnlyIdle)
    ::sched_setscheduler(0, SCHED_IDLE, &none);
  else if (spec_.nice > 0)
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), static_cast<int>(spec_.nice));
  std::unique_lock lock(mutex_);
  running_.push_back(::pthread_self());
  for (;;) {
    ready_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) break;
    auto next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    if (std::chrono::steady_clock::now() > next.until)
      next.job.refuse();
    else
      next.job.run();
    next = {};  // what the job holds ends outside the lock
    lock.lock();
  }
  ended_time_ += time_of(CLOCK_THREAD_CPUTIME_ID);
  std::erase(running_, ::pthread_self());
}

}  // namespace kernel::loader
