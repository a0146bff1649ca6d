// The played Salesforce: its org, switches and calls, and the paths it answers.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "examples/sandbox/common/call_log.hpp"
#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/common/state_file.hpp"
#include "examples/sandbox/faults/fault_book.hpp"
#include "examples/sandbox/http/router.hpp"
#include "examples/sandbox/salesforce/api.hpp"
#include "examples/sandbox/salesforce/blobs.hpp"
#include "examples/sandbox/salesforce/cursors.hpp"
#include "examples/sandbox/salesforce/keys.hpp"
#include "examples/sandbox/salesforce/org.hpp"

namespace sandbox::salesforce {

/// All members may be used by many threads. The clock, faults and state file outlive the room.
class Room {
 public:
  /// key_file     see Keys
  /// blob_folder  see Blobs
  Room(const Clock& clock, FaultBook& faults, StateFile& state, std::string key_file,
       std::string blob_folder);

  /// /services/… and /id/…: a real instance is a bare origin, and clients join paths to it by rules of their
  /// own.
  void mount(Router& router);

  /// Where clients reach it: "http://127.0.0.1:8090".
  void set_base_url(std::string url);
  /// What a client needs: {loginUrl, clientId, username, keyFile}.
  boost::json::object client() const;
  /// A signed-in session without an assertion, for tests: {access_token, instance_url}.
  boost::json::object open_session();
  /// Every access token is refused from now on.
  void end_sessions();
  Keys& keys() { return keys_; }
  /// The user of an access token that is good at this moment; counts as a use of it.
  std::optional<std::string> authenticate(std::string_view token);
  std::string base_url() const;

  boost::json::object switches() const;
  /// errors: BadRequest
  void change_switches(const boost::json::object& changes);
  CallLog& calls() { return calls_; }
  /// How many records each object has.
  boost::json::object counters() const;
  /// The changes after number `since`, oldest first.
  boost::json::array changes(std::int64_t since) const;
  /// The same as they are, at most three days and 50,000.
  std::vector<Change> changes_after(std::int64_t since) const;
  /// The number of the newest change.
  std::int64_t last_change() const;
  /// `told` is called after every call that wrote, on its thread, when what it wrote is kept. To be set
  /// before the first call.
  void set_on_change(std::function<void()> told) { on_change_ = std::move(told); }
  void reset();

  boost::json::object to_json() const;
  void restore(const boost::json::object& from);

 private:
  struct Outcome {
    HttpAnswer answer;
    bool applied = false;
    std::string message;  // of a refusal, for the log
  };

  HttpAnswer versions(const HttpRequest& request) const;
  HttpAnswer data(const HttpRequest& request);
  Outcome run(const HttpRequest& request, std::optional<Call> call, bool long_running);
  HttpAnswer token(const HttpRequest& request);
  Outcome issue(const std::map<std::string, std::string>& form, const HttpRequest& request);
  HttpAnswer revoke(const HttpRequest& request);
  HttpAnswer user_info(const HttpRequest& request);
  HttpAnswer identity(const HttpRequest& request);
  /// One exchange with the faults ordered for it around `work`.
  template <typename Work>
  HttpAnswer faulted(const HttpRequest& request, const std::string& action, boost::json::object params,
                     const Work& work);

  /// The user of a bearer token that is still good. Under mutex_.
  std::optional<std::string> user_of(std::string_view token);
  std::string new_session(const std::string& user_id);  // under mutex_
  void count_call();                                    // under mutex_
  bool crowded();                                       // under mutex_
  std::string usage() const;                            // under mutex_

  FaultBook& faults_;
  StateFile& state_;
  Keys keys_;
  Blobs blobs_;
  mutable std::mutex mutex_;
  Org org_;                                                                // under mutex_
  Cursors cursors_;                                                        // under mutex_
  std::map<std::int64_t, std::chrono::steady_clock::time_point> running_;  // under mutex_; by call number
  CallLog calls_;
  std::function<void()> on_change_ = [] {};
};

/// The token after "Bearer " (or "OAuth "), or "".
std::string_view bearer_of(const HttpRequest& request);

}  // namespace sandbox::salesforce
