// The faults a test has ordered: which call of which vendor goes wrong, and how.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox {

/// What goes wrong; each vendor says in its room which kinds it knows.
enum class FaultKind {
  kNone,                // latency only
  kHttp500Html,         // an HTML error page with status 500
  kHttp403Empty,        // what a web application firewall answers
  kTruncatedJson,       // 200, the JSON text ends in the middle
  kCutBody,             // the connection ends before the promised length
  kWarningOnly,         // 200 with a "warning" and no verdict
  kWrongShape,          // 200, every member of another type than promised
  kReset,               // TCP reset instead of an answer
  kStall,               // held until released, hung up or hold_ms is over
  kAppliedThenTimeout,  // the write happens, then as kStall, never an answer
  kDown,                // 503 (mail: 421)
  kRefuse4xx,           // mail only
  kRefuse5xx,           // mail only
  kError,               // one of the vendor's own errors, named by `code`; not for whmcs and mail
  kRepeat,              // pubsub only: an event is sent twice
  kReorder,             // pubsub only: an event changes places with the next
  kReuseReplayId,       // pubsub only: an event bears the replay id of the one before
};

std::string_view name_of(FaultKind kind);

struct Fault {
  std::int64_t id = 0;
  std::string vendor;  // "whmcs", "mail", "salesforce", "pubsub", "freebit"
  std::string action;  // lower case; "" is every action
  FaultKind kind = FaultKind::kNone;
  std::string code;             // of kError, in the vendor's words
  std::int64_t latency_ms = 0;  // before anything else happens
  std::int64_t jitter_ms = 0;   // up to so much more
  std::int64_t after = 0;       // so many calls go well first
  std::int64_t next = -1;       // how many calls yet; -1 is without end
  double probability = 1.0;
  std::int64_t hold_ms = 60'000;  // stall and applied_then_timeout
  std::optional<bool> applied;    // overrides whether the action is carried out
  std::int64_t hits = 0;
};

/// What the book decided for one call.
struct Verdict {
  FaultKind kind = FaultKind::kNone;
  std::string code;
  std::int64_t latency_ms = 0;
  std::int64_t hold_ms = 0;
  std::optional<bool> applied;
};

enum class HoldEnd { kReleased, kTimedOut, kHungUp };

/// Threads share it. Chance comes from a seeded generator: the same orders and calls give the same faults.
class FaultBook {
 public:
  explicit FaultBook(std::uint64_t seed) : chance_(seed) {}

  /// Reads one order. errors: BadRequest for an unknown member, vendor or kind.
  static Fault read(const boost::json::object& order);
  boost::json::array list() const;
  void add(Fault fault);
  void replace(std::vector<Fault> faults);
  /// Forgets all orders and lets held calls go on.
  void clear();
  /// Lets the calls held now go on; later ones are held again.
  void release();
  /// From now on nothing is held or delayed; for the end of the program.
  void shut_down();
  /// How many calls are held or delayed at this moment.
  std::int64_t holding() const;

  /// Decides one call and counts it. The first order with a kind wins; latencies add up.
  Verdict decide(std::string_view vendor, std::string_view action);
  /// Waits; ends early when the caller hangs up or the program ends.
  void delay(std::int64_t ms, const std::function<bool()>& peer_gone);
  HoldEnd hold(std::int64_t ms, const std::function<bool()>& peer_gone);

 private:
  HoldEnd wait(std::int64_t ms, const std::function<bool()>& peer_gone, bool released_counts);

  mutable std::mutex mutex_;
  std::condition_variable woken_;
  std::vector<Fault> faults_;
  std::int64_t last_id_ = 0;
  std::int64_t holding_ = 0;
  std::uint64_t releases_ = 0;
  bool ending_ = false;
  std::mt19937_64 chance_;
};

}  // namespace sandbox
