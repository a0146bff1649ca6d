// One row an hour for each plugin and reason; a row that did not commit was none.
#include "kernel/extensions/scope_trail.hpp"

namespace kernel::extensions {

std::optional<std::uint64_t> ScopeTrail::begin(const std::string& plugin, const std::string& reason,
                                               Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  const auto found = reasons_.find({plugin, reason});
  if (found == reasons_.end()) return 1;
  if (now - found->second.written < kWindow) return std::nullopt;
  return found->second.since + 1;
}

void ScopeTrail::committed(const std::string& plugin, const std::string& reason, bool with_row,
                           Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (!with_row) {
    const auto found = reasons_.find({plugin, reason});
    if (found != reasons_.end()) ++found->second.since;
    return;
  }
  if (reasons_.size() < kMostReasons || reasons_.contains({plugin, reason}))
    reasons_[{plugin, reason}] = {now, 0};
}

}  // namespace kernel::extensions
