// Single flight by rounds: a round ends with a key or with the failure of all who waited for it.
#include "client/keys.hpp"

namespace freebit {

Keys::Key Keys::newer_than(std::uint64_t generation) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (current_.generation > generation && now_() < renew_at_) return current_;
    if (!fetching_) break;
    const auto round = round_;
    done_.wait(lock, [&] { return round_ != round; });
    if (failure_) throw portico::Problem(*failure_);
  }
  fetching_ = true;
  lock.unlock();
  std::string text;
  std::optional<portico::Problem> failure;
  try {
    text = fetch_();
  } catch (const portico::Problem& problem) {
    failure = problem;
  } catch (const std::exception& other) {
    failure = portico::Problem(500, "internal", other.what());
  }
  lock.lock();
  fetching_ = false;
  failure_ = failure;
  ++round_;
  if (!failure) {
    current_ = {std::move(text), current_.generation + 1};
    renew_at_ = now_() + life_;
  }
  const auto key = current_;
  done_.notify_all();
  if (failure) throw portico::Problem(*failure);
  return key;
}

}  // namespace freebit
