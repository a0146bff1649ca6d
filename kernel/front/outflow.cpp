// The hand-over of an answer's pieces: a bounded text under a lock.
#include "kernel/front/outflow.hpp"

#include <algorithm>

namespace kernel::front {

Outflow::Outflow(std::shared_ptr<Mailbox> mailbox, OutflowSettings settings)
    : Flow(std::move(mailbox)), settings_(std::move(settings)) {}

Outflow::~Outflow() {
  close();
}

// Under the lock, for bytes that have room.
Outflow::Result Outflow::accept(std::string_view bytes) {
  if (settings_.length && bytes.size() > *settings_.length - total_) return Result::too_much;
  pending_.append(bytes);
  total_ += bytes.size();
  return Result::fine;
}

Outflow::Result Outflow::offer(std::string_view bytes, std::size_t& taken) {
  taken = 0;
  Result result = Result::fine;
  {
    const std::lock_guard lock(mutex_);
    if (end_ != End::open) return Result::gone;
    const std::size_t room = settings_.window - std::min(settings_.window, pending_.size());
    if (room == 0 && !bytes.empty()) return Result::full;
    const auto part = bytes.substr(0, room);
    result = accept(part);
    if (result == Result::fine) taken = part.size();
  }
  if (result == Result::too_much) {
    abort();
  } else {
    tell_loop();
  }
  return result;
}

Outflow::Result Outflow::offer_whole(std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (end_ != End::open) return Result::gone;
    if (pending_.size() + bytes.size() > settings_.window) return Result::full;
    if (accept(bytes) != Result::fine) return Result::too_much;
  }
  tell_loop();
  return Result::fine;
}

Outflow::Result Outflow::write(std::string_view bytes, Clock::time_point until) {
  while (!bytes.empty()) {
    std::size_t taken = 0;
    const Result result = offer(bytes, taken);
    bytes.remove_prefix(taken);
    if (result == Result::fine) continue;
    if (result != Result::full) return result;
    if (!wait_for_room(until)) return Result::full;
  }
  return end() == End::open ? Result::fine : Result::gone;
}

bool Outflow::wait_for_room(Clock::time_point until) {
  std::unique_lock lock(mutex_);
  return room_.wait_until(lock, until,
                          [&] { return end_ != End::open || pending_.size() < settings_.window; });
}

Outflow::Result Outflow::finish() {
  bool short_of_length = false;
  {
    const std::lock_guard lock(mutex_);
    if (end_ != End::open) return Result::gone;
    short_of_length = settings_.length && total_ != *settings_.length;
    if (!short_of_length) end_ = End::finished;
  }
  if (short_of_length) {
    abort();
    return Result::too_much;
  }
  tell_loop();
  return Result::fine;
}

void Outflow::abort() {
  end_as(End::aborted);
  tell_loop();
}

void Outflow::end_as(End end) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (end_ != End::open) return;
    end_ = end;
  }
  room_.notify_all();
}

Outflow::End Outflow::end() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

std::uint64_t Outflow::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

Outflow::Taken Outflow::take() {
  Taken taken;
  {
    const std::lock_guard lock(mutex_);
    taken.bytes = std::move(pending_);
    pending_.clear();
    taken.end = end_;
  }
  if (!taken.bytes.empty()) room_.notify_all();
  return taken;
}

void Outflow::close() noexcept {
  end_as(End::gone);
  std::function<void()> on_end;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(told_, true)) return;
    on_end = std::move(settings_.on_end);
  }
  if (on_end) on_end();
}

}  // namespace kernel::front
