// What a customer-relations system tells the portal by itself, whichever system it is.
//
// Each is published once for each event of the system, together with the place up to which its events were
// taken. Deliveries to subscribers may repeat, as of all events.
#pragma once

#include <optional>
#include <portico/contract.hpp>
#include <portico/events.hpp>
#include <string>
#include <vector>

namespace portico::crm {

/// Somebody in the other system wants an order carried out. Of one order they come in the order they were
/// made.
struct FulfilmentRequested {
  std::string event_id;
  std::string order_id;                     // in the other system
  std::optional<std::string> order_number;  // as people say it
  std::string requested_at;                 // RFC 3339, UTC
};
BOOST_DESCRIBE_STRUCT(FulfilmentRequested, (), (event_id, order_id, order_number, requested_at))
inline constexpr Event<FulfilmentRequested> fulfilment_requested{"crm.fulfilment_requested/1"};

/// unknown: something happened that the event does not carry: read the records again.
enum class ChangeKind { created, updated, deleted, restored, unknown };
BOOST_DESCRIBE_ENUM(ChangeKind, created, updated, deleted, restored, unknown)

/// Records changed in the other system. No values are carried: read what is needed. No record_ids: any
/// record of the kind may have changed.
struct RecordsChanged {
  std::string event_id;
  std::string kind;  // the other system's name for such records: "Case"
  std::vector<std::string> record_ids;
  ChangeKind change = ChangeKind::unknown;
  std::vector<std::string>
      fields;              // of updates: the other system's names, "Parent.Part" within compound ones
  std::string changed_at;  // RFC 3339, UTC
  std::string origin;      // who changed it, where the system says so; may be the portal itself
};
BOOST_DESCRIBE_STRUCT(RecordsChanged, (), (event_id, kind, record_ids, change, fields, changed_at, origin))
inline constexpr Event<RecordsChanged> records_changed{"crm.records_changed/1"};

/// Events since then may be missing, and no later one brings them: look what they would have said.
struct EventsMissed {
  std::string channel;
  std::optional<std::string> since;  // RFC 3339, UTC; absent: nobody knows
  std::string reason;                // too_old, place_lost
};
BOOST_DESCRIBE_STRUCT(EventsMissed, (), (channel, since, reason))
inline constexpr Event<EventsMissed> events_missed{"crm.events_missed/1"};

}  // namespace portico::crm
