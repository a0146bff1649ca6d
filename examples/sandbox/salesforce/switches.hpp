// What is not established about Salesforce, or differs between orgs; the defaults are the best guesses.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>

namespace sandbox::salesforce {

struct Switches {
  std::int64_t session_seconds = 7200;        // of inactivity, by the sandbox's clock
  std::int64_t assertion_max_seconds = 600;   // how far ahead `exp` may lie
  std::string audience_text = "current";      // current | older
  int token_error_status = 400;               // 400 | 401
  bool approved = true;                       // false: "user hasn't approved this consumer"
  std::string user_state = "active";          // active | locked | failed | not_admin_approved
  std::int64_t daily_api_requests = 100'000;  // in 24 h by the clock
  std::int64_t concurrent_requests = 25;      // running longer than long_request_ms
  std::int64_t long_request_ms = 20'000;
  std::int64_t page_size = 2000;          // of queries without a batchSize
  std::string owner_type = "user";        // user | name: attributes.type of a polymorphic Owner
  std::string descending_nulls = "last";  // last | first
  int malformed_record_id_status = 404;   // 404 NOT_FOUND | 400 MALFORMED_ID
  int no_access_status = 403;             // 403 | 400
  std::string duplicate_rule = "none";    // none | alert | block: contacts with the same mail address
  std::string case_rule;                  // a validation rule: cases whose subject contains this are refused
  std::string case_rule_text = "Choose another subject.";
  int utc_offset_minutes = 540;  // the user's time zone, for date literals

  boost::json::object to_json() const;
  /// Changes only what `changes` names. errors: BadRequest; nothing is changed then.
  void update(const boost::json::object& changes);
};

}  // namespace sandbox::salesforce
