// A table of what is owed, by call.
#include "kernel/policy/pending.hpp"

#include <algorithm>
#include <vector>

#include "kernel/policy/call.hpp"

namespace kernel::policy {

using portico::Problem;

Pending::Owed::Owed(const std::shared_ptr<Call>& owed)
    : call(owed),
      plugin(owed->route->plugin),
      line(owed->route->plugin->ledger, loader::Holding::pending, owed->route->label, owed->correlation_id) {}

void Pending::add(const std::shared_ptr<Call>& call) {
  const std::lock_guard lock(mutex_);
  owed_.try_emplace(call.get(), call);
}

void Pending::remove(const Call& call) {
  const std::lock_guard lock(mutex_);
  owed_.erase(&call);
}

void Pending::refuse(const loader::Plugin& plugin) {
  std::vector<std::shared_ptr<Call>> calls;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, owed] : owed_)
      if (owed.plugin == &plugin)
        if (auto call = owed.call.lock()) calls.push_back(std::move(call));
  }
  for (const auto& call : calls) call->give_up(Problem(503, "service.stopping", "the plugin stops", 2));
}

std::size_t Pending::size() const {
  const std::lock_guard lock(mutex_);
  return owed_.size();
}

std::size_t Pending::size(const loader::Plugin& plugin) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      owed_.begin(), owed_.end(), [&](const auto& entry) { return entry.second.plugin == &plugin; }));
}

}  // namespace kernel::policy
