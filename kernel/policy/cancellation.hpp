// What a plugin wants to hear of a request whose answer it still owes, told once and never too late.
#pragma once

#include <portico/abi/exchange.h>

#include <mutex>
#include <utility>

namespace kernel::policy {

/// Thread-safe.
class Cancellation {
 public:
  Cancellation(portico_cancel_fn fn, void* user) noexcept : fn_(fn), user_(user) {}

  /// Claims the one call of fn; false: it is under way, or over.
  bool claim() {
    const std::lock_guard lock(mutex_);
    return !std::exchange(claimed_, true);
  }
  /// Calls fn, unless the plugin has answered by now. On a worker of the plugin.
  void run(portico_handle exchange) {
    const std::lock_guard running(running_);
    if (!settled_) fn_(user_, exchange);
  }
  /// The plugin answers: waits for fn on another thread; afterwards it does not begin any more. May be called
  /// in fn.
  void settle() {
    const std::lock_guard running(running_);
    settled_ = true;
  }

  /// The call of fn is over, or will not be.
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  /// Is it claimed and not over: who has it ends the exchange's handle?
  bool is_under_way() const {
    const std::lock_guard lock(mutex_);
    return claimed_ && !ended_;
  }

 private:
  const portico_cancel_fn fn_;
  void* const user_;
  std::recursive_mutex running_;  // held while fn runs
  bool settled_ = false;          // under running_
  mutable std::mutex mutex_;
  bool claimed_ = false, ended_ = false;
};

}  // namespace kernel::policy
