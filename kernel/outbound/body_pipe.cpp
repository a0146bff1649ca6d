// Room, order and end of a body that is read while it comes.
#include "kernel/outbound/body_pipe.hpp"

#include <algorithm>
#include <cstring>

namespace kernel::outbound {

void BodyPipe::on_room(std::function<void()> resume) {
  const std::lock_guard lock(mutex_);
  resume_ = std::move(resume);
}

bool BodyPipe::full() {
  const std::lock_guard lock(mutex_);
  const bool is_full = held_.size() - taken_ >= kRoom;
  if (is_full) wants_room_ = waited_ = true;
  return is_full;
}

void BodyPipe::begin(Response head) {
  const std::lock_guard lock(mutex_);
  head_ = std::move(head);
  begun_at_ = Clock::now();
}

void BodyPipe::push(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (taken_ == held_.size() || taken_ >= kRoom / 2) {
    held_.erase(0, taken_);
    taken_ = 0;
  }
  held_.append(bytes);
  changed_.notify_all();
}

void BodyPipe::end(Result result) {
  const std::lock_guard lock(mutex_);
  end_ = std::move(result);
  resume_ = nullptr;
  changed_.notify_all();
}

bool BodyPipe::begun() const {
  const std::lock_guard lock(mutex_);
  return begun_at_.has_value();
}

Clock::time_point BodyPipe::begun_at() const {
  const std::lock_guard lock(mutex_);
  return begun_at_.value();
}

bool BodyPipe::waited_for_reader() const {
  const std::lock_guard lock(mutex_);
  return waited_;
}

Response BodyPipe::wait_for_head() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return head_ || end_; });
  if (head_) return std::move(*head_);
  if (auto* problem = std::get_if<CallProblem>(&*end_)) throw CallProblem(*problem);
  return std::get<Response>(std::move(*end_));
}

std::size_t BodyPipe::read(char* into, std::size_t size) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return taken_ < held_.size() || end_; });
  if (taken_ == held_.size()) {
    if (const auto* problem = std::get_if<CallProblem>(&*end_)) throw CallProblem(*problem);
    return 0;
  }
  const std::size_t count = std::min(size, held_.size() - taken_);
  std::memcpy(into, held_.data() + taken_, count);
  taken_ += count;
  // Half a pipe at a time: fewer wake-ups than one for each piece.
  if (wants_room_ && held_.size() - taken_ <= kRoom / 2) {
    wants_room_ = false;
    if (resume_) resume_();
  }
  return count;
}

}  // namespace kernel::outbound
