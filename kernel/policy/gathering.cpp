// A table of questions and who waits for each.
#include "kernel/policy/gathering.hpp"

namespace kernel::policy {

bool Gathering::wait(const std::string& question, GoOn go_on) {
  const std::lock_guard lock(mutex_);
  const auto [place, first] = waiting_.try_emplace(question);
  if (!first) place->second.push_back(std::move(go_on));
  return !first;
}

std::vector<Gathering::GoOn> Gathering::end(const std::string& question) {
  const std::lock_guard lock(mutex_);
  const auto node = waiting_.extract(question);
  return node.empty() ? std::vector<GoOn>() : std::move(node.mapped());
}

}  // namespace kernel::policy
