// From an event's bytes to what the portal is told: which contract event it becomes, or why it cannot be
// read.
#pragma once

#include <functional>
#include <memory>
#include <portico/contracts/crm_events.hpp>
#include <string>

#include "events/avro.hpp"
#include "events/store.hpp"

namespace salesforce::events {

/// What the fields of a fulfilment request are called in the org.
struct FulfilmentFields {
  std::string order_id = "Order_Id__c";
  std::string order_number = "Order_Number__c";
};

/// Tells the portal, in the transaction that moves the cursor.
class Announcer {
 public:
  virtual void announce(portico::Transaction& transaction,
                        const portico::crm::FulfilmentRequested& event) = 0;
  virtual void announce(portico::Transaction& transaction, const portico::crm::RecordsChanged& event) = 0;
  virtual void announce(portico::Transaction& transaction, const portico::crm::EventsMissed& event) = 0;

 protected:
  ~Announcer() = default;
};

/// Reads one event. What cannot be read, or would not fit, is poison: it says why and has no effect.
///
/// schema  null: the bus does not know it
Taken read_event(RawEvent raw, const AvroSchema* schema, const FulfilmentFields& names, Announcer& announcer);

/// The id by which repeats are known: the event's own, else its place.
std::string identity_of(const RawEvent& raw);

/// RFC 3339, UTC. Times before 1970 and after 9999 are those.
std::string rfc3339(portico::Time time);

}  // namespace salesforce::events
