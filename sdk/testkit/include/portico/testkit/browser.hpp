// Who asks in a test, and what comes back.
#pragma once

#include <map>
#include <optional>
#include <portico/contract.hpp>
#include <portico/database.hpp>
#include <portico/request.hpp>
#include <string>
#include <string_view>

namespace portico::testkit {

/// A signed-in person, for plugins that do not authenticate themselves.
struct User {
  std::string user_id = "00000000-0000-4000-8000-000000000001";
  std::string roles = "customer";  // comma separated
  std::string session_id = "session-1";
  std::string language;           // of the profile; empty: the browser's
  std::optional<Time> proved_at;  // nothing: just now
};

/// What a browser sends along. Cookies that answers set are kept, under their base names.
struct Browser {
  std::map<std::string, std::string> cookies;
  std::string address = "203.0.113.7";
  std::string language = "en";
  Headers headers;
  std::optional<User> user;  // asked before the plugin's own authenticator
};

/// One request in all its parts; what is left empty is what the portal's pages send.
struct Sent {
  std::string method = "GET";
  std::string target;  // path and query, encoded
  std::string body;
  std::string content_type = "application/json";  // sent with a body only
  Headers headers;
};

struct ReceivedEvent {
  std::string id, event, data;
};

/// What has come of an answer in pieces.
struct Streamed {
  std::vector<ReceivedEvent> events;  // of an event stream
  std::string body;                   // of a download
  bool finished = false, cut = false, client_gone = false;
};

/// The one answer to a request.
struct Reply {
  int status = 0;
  Headers headers;
  std::string body;
  std::string code;    // of a problem
  std::string detail;  // of a problem: what the host would log; never sent
  int retry_after_s = 0;
  std::map<std::string, std::string> set_cookies;  // base name → value; empty: removed

  std::uint64_t stream = 0;  // of an answer in pieces: TestHost::streamed
  bool cut = false;          // of a download that was not finished: nobody takes it for the whole

  /// The first header of that name in any case; empty without one.
  std::string_view header(std::string_view name) const;
  /// errors    Problem 400 request.malformed_json
  boost::json::value json() const { return parse_json(body); }
  template <class T>
  T as() const {
    return decode_text<T>(body, Unknown::ignore);
  }
  /// "pointer code" of a field error; empty where there is none.
  std::string error(std::size_t i = 0) const;
};

}  // namespace portico::testkit
