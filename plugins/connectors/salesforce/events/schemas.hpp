// Schemas by id, for ever: a changed definition has another id.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "events/avro.hpp"
#include "events/wire.hpp"

namespace salesforce::events {

/// Thread-safe; at most 1,000 of them, then all are forgotten.
class Schemas {
 public:
  explicit Schemas(const portico::Channels& channels) : channels_(channels) {}

  /// Null where the bus does not know it, or it cannot be read: events of it are poison.
  /// errors    those of get_schema that may pass: 401 crm.bus_unauthenticated, 503, 504
  std::shared_ptr<const AvroSchema> get(const Access& access, const std::string& id);

 private:
  const portico::Channels& channels_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const AvroSchema>> known_;  // null: cannot be read
};

}  // namespace salesforce::events
