// The REST API: one call in, one reply out; composite calls come in again through the same door.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "examples/sandbox/http/message.hpp"
#include "examples/sandbox/salesforce/cursors.hpp"
#include "examples/sandbox/salesforce/errors.hpp"
#include "examples/sandbox/salesforce/org.hpp"
#include "examples/sandbox/salesforce/writer.hpp"

namespace sandbox::salesforce {

struct EventSchema;

constexpr int kOldestVersion = 50, kNewestVersion = 62;

/// A call below /services/data.
struct Call {
  std::string method;
  int version = 0;                // 60
  std::vector<std::string> path;  // decoded segments after the version
  std::vector<std::pair<std::string, std::string>> query;
  boost::json::value body;    // parsed; null where there is none
  std::string content_type;   // of the outer request only
  std::string_view raw_body;  // of the outer request only
  bool nested = false;        // inside a composite call

  std::string base() const;
  /// First value, or "".
  std::string_view parameter(std::string_view name) const;
  /// What fault orders and the call log name it: query, create, composite and so on.
  std::string action() const;
};

/// The call a target means: "/services/data/v60.0/query?q=…". Nothing if the version is none of ours.
std::optional<Call> read_target(std::string_view method, std::string_view target);

struct Reply {
  int status = 200;
  std::optional<boost::json::value> body;
  std::optional<std::string> bytes;  // a file instead of JSON
  std::vector<std::pair<std::string, std::string>> headers;
};

Reply reply_of(const ApiError& error);

/// What of the request's headers matters to records.
struct CallOptions {
  std::size_t batch_size = 0;  // of Sforce-Query-Options; 0 is none
  std::string client;          // of Sforce-Call-Options
  bool allow_duplicates = false;
  std::string modified_since;
};
CallOptions options_of(const HttpRequest& request);

/// Answers the calls of one request. The room's lock is held by the caller.
class Api {
 public:
  Api(Org& org, Cursors& cursors, std::string user_id, CallOptions options)
      : org_(org), cursors_(cursors), user_id_(std::move(user_id)), options_(std::move(options)) {}

  /// errors: none; refusals are replies
  Reply answer(const Call& call);

 private:
  Reply dispatch(const Call& call);

  // api_records.cpp
  Reply sobjects(const Call& call);
  Reply record(const Call& call, const Object& object);
  Reply create(const Call& call, const Object& object);
  Reply by_external_id(const Call& call, const Object& object, const Field& field, const std::string& value);
  Reply download(const Call& call, const Object& object);
  Reply changed_ids(const Call& call, const Object& object, bool deleted) const;
  boost::json::object readable(const Call& call, const Row& row) const;
  boost::json::object multipart_body(const Call& call, const Object& object) const;

  // api_events.cpp
  Reply event(const Call& call) const;
  Reply event_schema(const Call& call, const EventSchema& schema) const;

  // api_query.cpp
  Reply query(const Call& call, bool with_deleted);
  Reply limits() const;

  // api_composite.cpp
  Reply composite(const Call& call);
  Reply batch(const Call& call);
  Reply tree(const Call& call);

  // api_collections.cpp
  Reply collections(const Call& call);
  Reply collection_write(const Call& call, const Object* type, const Field* external);
  Reply collection_delete(const Call& call);
  Reply collection_read(const Call& call, const Object& object);

  Writer writer(const Call& call) const;
  const Object& object_named(const std::string& name) const;
  [[noreturn]] void wrong_method(const Call& call, std::string_view allowed) const;

  Org& org_;
  Cursors& cursors_;
  std::string user_id_;
  CallOptions options_;
};

/// The body as an object. errors: ApiError JSON_PARSER_ERROR
const boost::json::object& object_in(const boost::json::value& body);
/// The result of a write: {id, success, errors}.
boost::json::object written(const std::string& id);

}  // namespace sandbox::salesforce
