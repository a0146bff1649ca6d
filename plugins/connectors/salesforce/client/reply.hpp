// What an answer of the REST API says: done, refused for reasons, or nonsense.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace salesforce {

/// One reason of a refusal. message is the org's text: it may quote what a person typed, so no log gets it.
struct Reason {
  std::string code;
  std::string message;
  std::vector<std::string> fields;
  bool may_save = false;  // of a duplicate: saved when the caller insists
};

/// 200 and 201 with their JSON, 204 with null.
struct Done {
  boost::json::value body;
};
/// The call was turned down and changed nothing. reasons has at least one.
struct Declined {
  int status = 0;
  std::vector<Reason> reasons;
};
/// A 5xx, or the platform's edge found no way to the org. A write may have run.
struct Down {
  int status = 0;
};
/// No answer of this API: a page, cut JSON, a duplicate key. A write may have run.
struct Nonsense {
  std::string what;  // no text of the body
};
using Verdict = std::variant<Done, Declined, Down, Nonsense>;

/// Reads one answer. A pure function of status and body; at most 8 MB of JSON.
Verdict read_reply(int status, std::string_view body);

/// The reasons in a JSON list of errors: with "errorCode" as calls have them, or "statusCode" as results of
/// collections do. Empty where it is none.
std::vector<Reason> reasons_of(const boost::json::value& errors);

/// A result of a single write: {"id", "success", "errors"}.
struct Written {
  std::string id;  // empty where a reply of an old version has none
  bool created = false;
};
/// errors: BadReply
Written read_written(const boost::json::value& body);

/// A page of a query.
struct Rows {
  boost::json::array records;
  std::int64_t total = 0;
  std::string locator;  // of the next page; empty at the end
};
/// Of nextRecordsUrl only the last segment is taken, and only if it looks like a locator. errors: BadReply
Rows read_rows(boost::json::value&& body);

/// For logs: codes and fields, and the message where its code is known to quote nobody.
std::string for_log(const std::vector<Reason>& reasons);

}  // namespace salesforce
