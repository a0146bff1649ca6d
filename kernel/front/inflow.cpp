// The hand-over of a request's pieces: a bounded text under a lock.
#include "kernel/front/inflow.hpp"

#include <algorithm>
#include <cstring>

namespace kernel::front {

Inflow::Result Inflow::read(char* into, std::size_t size, Clock::time_point until, std::size_t& got) {
  got = 0;
  std::unique_lock lock(mutex_);
  if (!std::exchange(wanted_, true)) {
    lock.unlock();
    tell_loop();
    lock.lock();
  }
  const auto there = [&] { return used_ < pending_.size() || state_ != State::open; };
  if (!came_.wait_until(lock, until, there)) return Result::late;
  if (state_ == State::failed) return Result::failed;
  if (used_ == pending_.size()) return Result::complete;
  const bool was_full = pending_.size() - used_ >= kUploadWindow;
  got = std::min(size, pending_.size() - used_);
  std::memcpy(into, pending_.data() + used_, got);
  used_ += got;
  if (used_ == pending_.size()) {
    pending_.clear();
    used_ = 0;
  }
  const bool has_room = pending_.size() - used_ < kUploadWindow;
  lock.unlock();
  if (was_full && has_room) tell_loop();
  return Result::some;
}

Refusal Inflow::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

bool Inflow::wants() const {
  const std::lock_guard lock(mutex_);
  return wanted_ && pending_.size() - used_ < kUploadWindow;
}

bool Inflow::wanted() const {
  const std::lock_guard lock(mutex_);
  return wanted_;
}

void Inflow::put(std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (used_ > 0) pending_.erase(0, std::exchange(used_, 0));
    pending_.append(bytes);
  }
  came_.notify_all();
}

void Inflow::complete() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return;
    state_ = State::complete;
  }
  came_.notify_all();
}

void Inflow::fail(Refusal why) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return;
    state_ = State::failed;
    failure_ = why;
  }
  came_.notify_all();
}

}  // namespace kernel::front
