// One call for each schema the org ever uses.
#include "events/schemas.hpp"

#include <portico/problem.hpp>

namespace salesforce::events {

namespace {
constexpr std::size_t kMost = 1000;
}

std::shared_ptr<const AvroSchema> Schemas::get(const Access& access, const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known_.find(id); found != known_.end()) return found->second;
  }
  std::shared_ptr<const AvroSchema> schema;
  try {
    schema = std::make_shared<AvroSchema>(AvroSchema::parse(get_schema(channels_, access, id)));
  } catch (const portico::Problem& problem) {
    if (problem.code == "crm.topic_unknown" || problem.code == "crm.topic_refused") return nullptr;
    if (problem.code != "crm.event_unreadable") throw;
  }
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMost) known_.clear();
  return known_[id] = schema;
}

}  // namespace salesforce::events
