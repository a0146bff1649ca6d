// What a change event says: which records, what happened, and which fields its bitmaps name.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "events/avro.hpp"

namespace salesforce::events {

/// The header of a change event.
struct Change {
  std::string entity;                   // "Case"
  std::vector<std::string> record_ids;  // none of GAP_OVERFLOW
  std::string type;                     // CREATE, UPDATE, …, GAP_UPDATE, GAP_OVERFLOW
  std::string origin;
  std::int64_t commit_ms = 0;
  std::vector<std::string> changed;  // "Status", "MailingAddress.City"; of UPDATE
  std::vector<std::string> nulled;
};

/// The names that a list of bitmaps sets: "0x0240" for the event's fields, "3-0x02" for those within field 3.
/// Bits beyond the schema name nothing. errors    Problem 502 crm.event_unreadable: no hexadecimal, or longer
/// than any schema
std::vector<std::string> named_by(const AvroSchema& schema, const std::vector<std::string>& bitmaps);

/// Nothing where the event has no ChangeEventHeader. errors: Problem 502 crm.event_unreadable
std::optional<Change> change_of(const AvroSchema& schema, const boost::json::object& event);

}  // namespace salesforce::events
