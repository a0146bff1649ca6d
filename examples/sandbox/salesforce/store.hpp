// The played org's memory: records, numbers, sessions, and what changed.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/salesforce/schema/schema.hpp"

namespace sandbox::salesforce {

/// One change of one record, or one published event, in the order of commit. What the event bus is made of.
struct Change {
  std::int64_t number = 0;  // ascending, never used again
  std::string entity;
  std::string record_id;
  std::string kind;                  // CREATE, UPDATE, DELETE, EVENT
  std::vector<std::string> changed;  // names of fields, for UPDATE
  std::vector<std::string> nulled;   // of those, the ones that became null
  boost::json::object values;        // CREATE and EVENT: all; UPDATE: the changed ones
  std::string transaction;           // same for all of one commit
  std::int64_t sequence = 0;         // from 1 within it
  std::string origin;                // com/salesforce/api/rest/60.0;client=NAME
  std::string user_id;
  std::int64_t committed_ms = 0;

  boost::json::object to_json() const;
  static Change from_json(const boost::json::object& from);
};

struct Session {
  std::string user_id;
  std::int64_t used_ms = 0;
};

/// Plain data; the room's lock guards it.
class Store {
 public:
  /// A moment that roll_back can return to.
  struct Mark {
    std::size_t journal = 0;
    std::map<std::string, std::int64_t> numbers;
    std::int64_t last_change = 0;
  };

  using Table = std::map<std::string, boost::json::object>;  // by 18-character id

  /// Null if there is none; records in the bin are found too.
  const boost::json::object* find(const Object& object, const std::string& id) const;
  boost::json::object* find(const Object& object, const std::string& id);
  const Table& table(const Object& object) const;
  std::string next_id(const Object& object);
  /// "00001026" and the like, one row of numbers for each name.
  std::string next_number(const std::string& name, std::int64_t first);
  /// Keeps three days and a named number of changes.
  void note(Change change);

  Mark mark() const { return {journal_.size(), numbers, last_change}; }
  /// To be called before a record is written: keeps what it was.
  void remember(const Object& object, const std::string& id);
  /// Takes back what was written since; marks taken later are void.
  void roll_back(const Mark& mark);
  /// What was written so far stays; for the end of a call.
  void settle() { journal_.clear(); }

  std::map<std::string, Table> tables;
  std::map<std::string, std::int64_t> numbers;
  std::map<std::string, Session> sessions;  // by access token
  std::deque<Change> changes;
  std::int64_t last_change = 0;
  std::int64_t day_began_ms = 0, day_calls = 0;  // of the daily limit

  boost::json::object to_json() const;
  static Store from_json(const boost::json::object& from);

 private:
  struct Before {
    std::string object, id;
    std::optional<boost::json::object> record;
  };
  std::vector<Before> journal_;
};

bool is_deleted(const boost::json::object& record);
/// The member's text, or "".
std::string text_of(const boost::json::object& record, std::string_view field);
bool bool_of(const boost::json::object& record, std::string_view field);

}  // namespace sandbox::salesforce
