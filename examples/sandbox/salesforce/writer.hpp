// Creating, changing and deleting records: one writer is one transaction.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "examples/sandbox/salesforce/errors.hpp"
#include "examples/sandbox/salesforce/org.hpp"

namespace sandbox::salesforce {

/// On whose behalf, and how, a transaction writes.
struct Actor {
  std::string user_id;
  std::string origin;             // changeOrigin of its events
  bool allow_duplicates = false;  // Sforce-Duplicate-Rule-Header: allowSave=true
};

struct Upserted {
  std::string id;
  bool created = false;
  std::vector<std::string> several;  // more than one record has the value: nothing was written
};

/// Checks as the platform does and notes every change. Each member either succeeds or throws ApiError; what a
/// failed one wrote before it threw is taken back.
class Writer {
 public:
  Writer(Org& org, Actor actor);

  /// returns   the new id; of an event, the id of the publication
  std::string create(const Object& object, const boost::json::object& body);
  void update(const Object& object, std::string_view id, const boost::json::object& body);
  void remove(const Object& object, std::string_view id);
  /// field     an external id or lookup field of the object
  Upserted upsert(const Object& object, const Field& field, const std::string& value,
                  const boost::json::object& body, bool update_only);
  /// The record, not in the bin. errors: ApiError NOT_FOUND, MALFORMED_ID, ENTITY_IS_DELETED
  const boost::json::object& get(const Object& object, std::string_view id) const;

  // For the rules of single objects:
  Org& org() { return org_; }
  const Actor& actor() const { return actor_; }
  /// Writes a record as it is, with numbers, audit fields and a note.
  std::string insert(const Object& object, boost::json::object record);
  /// Sets fields of a record as they are, with audit fields and a note.
  void set(const Object& object, const std::string& id, const boost::json::object& changes);
  /// "" or the publication's id of the last event.
  const std::string& event_uuid() const { return event_uuid_; }

 private:
  /// The body's members as values of fields. errors: ApiError
  boost::json::object read(const Object& object, const boost::json::object& body, bool creating);
  boost::json::value read_value(const Field& field, const boost::json::value& value);
  std::string read_reference(const Field& field, const std::string& id);
  std::string find_foreign(const Field& reference, const boost::json::object& key);
  void check_required(const Object& object, const boost::json::object& record, bool creating) const;
  void check_unique(const Object& object, const boost::json::object& record, const std::string& own_id) const;
  std::string publish(const Object& object, boost::json::object record);
  void note(const Object& object, const std::string& id, std::string kind, const boost::json::object& values);
  void bury(const Object& object, const std::string& id);
  template <typename Work>
  auto undone_on_failure(const Work& work);

  Org& org_;
  Actor actor_;
  std::string transaction_;
  std::int64_t sequence_ = 0;
  std::string event_uuid_;
};

}  // namespace sandbox::salesforce
