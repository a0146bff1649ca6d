// The bounded queue of a stream, and its one way to the end.
#include "kernel/outbound/grpc/open_stream.hpp"

#include "kernel/outbound/grpc/verdict.hpp"

namespace kernel::outbound::rpc {

OpenStream::OpenStream(std::shared_ptr<Channel> channel, Place place, const Call& call,
                       std::shared_ptr<Listener> listener)
    : channel_(std::move(channel)),
      priority_(call.priority),
      operation_(call.operation),
      lane_(call.lane),
      place_(place),
      listener_(std::move(listener)) {}

void OpenStream::begin(WireChannel& connection, const Call& call) {
  const std::lock_guard lock(mutex_);
  if (!call.message.empty()) {
    waiting_.push_back(call.message);
    waiting_bytes_ = call.message.size();
  }
  wire_ = connection.open(call.method, call.metadata, shared_from_this());
  write_next();
}

/// Under the lock.
void OpenStream::write_next() {
  if (ended_ || writing_ || finished_) return;
  if (!waiting_.empty()) {
    writing_ = true;
    const auto bytes = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= bytes.size();
    wire_->write(bytes);
  } else if (finishing_) {
    finished_ = true;
    wire_->finish();
  }
}

Stream::Sent OpenStream::send(std::string bytes) {
  if (bytes.size() > channel_->message_limit()) return Sent::too_large;
  const std::lock_guard lock(mutex_);
  if (ended_ || why_ || finishing_) return Sent::ended;
  if (waiting_.size() >= kMostWaiting || waiting_bytes_ + bytes.size() > channel_->message_limit())
    return Sent::full;
  waiting_bytes_ += bytes.size();
  waiting_.push_back(std::move(bytes));
  write_next();
  return Sent::taken;
}

void OpenStream::finish() {
  const std::lock_guard lock(mutex_);
  finishing_ = true;
  write_next();
}

void OpenStream::take_next() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(to_take_, false) || ended_) return;
  wire_->read_next();
}

void OpenStream::cancel(Cause why) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  if (!why_) why_ = why;
  wire_->cancel();
}

void OpenStream::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return told_; });
}

void OpenStream::settle(Outcome outcome) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(settled_, true)) return;
  }
  channel_->settle(place_, outcome);
}

void OpenStream::on_connected() noexcept {
  settle(Outcome::ok);
}

void OpenStream::on_message(std::string bytes) noexcept {
  settle(Outcome::ok);
  std::shared_ptr<Listener> listener;
  {
    const std::lock_guard lock(mutex_);
    to_take_ = true;
    if (!why_) listener = listener_;
  }
  if (listener) listener->on_message(std::move(bytes));
}

void OpenStream::on_written(bool taken) noexcept {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  if (taken) write_next();
}

void OpenStream::on_end(const WireStatus& status) noexcept {
  Cause cause;
  std::shared_ptr<Listener> listener;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    cause = why_.value_or(cause_of(status));
    listener = std::move(listener_);
  }
  settle(cause == Cause::cancelled || cause == Cause::stopping || cause == Cause::isolated
             ? Outcome::cancelled
             : outcome_of(status));
  channel_->ended(place_, priority_, operation_, lane_, cause, status);
  if (listener) listener->on_end(cause, status);
  {
    const std::lock_guard lock(mutex_);
    told_ = true;
  }
  changed_.notify_all();
}

}  // namespace kernel::outbound::rpc
