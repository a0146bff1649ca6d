// The hook file the played WHMCS has installed: which hooks ran, and what of them it posts to the portal.
//
// config/whmcs/portico_hooks.php is the real one; both post the same bytes for the same hook.
#pragma once

#include <atomic>
#include <boost/json.hpp>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/whmcs/order_records.hpp"

namespace sandbox::whmcs {

/// One hook as WHMCS calls it: all its variables, passwords included.
struct HookCall {
  std::string name;
  boost::json::object vars;
};
using HookCalls = std::vector<HookCall>;

/// Where the file posts to. No url: nowhere.
struct HookTarget {
  std::string url;
  std::string secret;             // "whsec_" and base64, as Standard Webhooks has it
  std::string delivery = "once";  // once | drop (every second) | duplicate | reorder (last first)
  std::int64_t timeout_ms = 1500;
};

struct HookEvent {
  std::string id, body;
  std::int64_t timestamp = 0;
};

/// Hook → names of the ids that are forwarded.
boost::json::object forwarded_ids();
/// The event of a hook: only ids its row allows; nothing for a hook the file does not listen to.
std::optional<boost::json::object> ids_of(const HookCall& call);
/// {"id":…,"event":…,"occurred_at":…,"ids":{…}}; timestamp is Unix seconds.
std::optional<HookEvent> event_of(const HookCall& call, std::string id, std::int64_t timestamp);
/// "v1," and base64 of HMAC-SHA256 over "id.timestamp.body". errors: std::runtime_error for a bad secret.
std::string signature_of(const HookEvent& event, std::string_view secret);

/// Runs hooks in order, in the thread that caused them, and posts each event at most once: what fails is not
/// tried again. Threads share it.
class HookFile {
 public:
  void run(const HookCalls& calls, const HookTarget& target, const Clock& clock);
  /// The newest hooks, oldest first: name, vars as the file saw them without secrets, event, what became of
  /// it.
  boost::json::array list() const;
  void clear();

 private:
  struct Ran {
    std::string name, outcome;
    boost::json::value ids;
  };
  void note(Ran ran);

  mutable std::mutex mutex_;
  std::deque<Ran> ran_;
  std::atomic<std::uint64_t> posted_{0};
};

}  // namespace sandbox::whmcs
