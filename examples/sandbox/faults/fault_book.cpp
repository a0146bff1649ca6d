// Orders, decisions and waiting of the fault book.
#include "examples/sandbox/faults/fault_book.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/common/text.hpp"

namespace sandbox {

namespace {

constexpr std::array<std::string_view, 5> kVendors{"whmcs", "mail", "salesforce", "pubsub", "freebit"};
constexpr auto kSlice = std::chrono::milliseconds(50);  // how soon a hang-up is noticed

constexpr std::array<std::pair<FaultKind, std::string_view>, 17> kNames{{
    {FaultKind::kNone, "none"},
    {FaultKind::kHttp500Html, "http_500_html"},
    {FaultKind::kHttp403Empty, "http_403_empty"},
    {FaultKind::kTruncatedJson, "truncated_json"},
    {FaultKind::kCutBody, "cut_body"},
    {FaultKind::kWarningOnly, "warning_only"},
    {FaultKind::kWrongShape, "wrong_shape"},
    {FaultKind::kReset, "reset"},
    {FaultKind::kStall, "stall"},
    {FaultKind::kAppliedThenTimeout, "applied_then_timeout"},
    {FaultKind::kDown, "down"},
    {FaultKind::kRefuse4xx, "refuse_4xx"},
    {FaultKind::kRefuse5xx, "refuse_5xx"},
    {FaultKind::kError, "error"},
    {FaultKind::kRepeat, "repeat"},
    {FaultKind::kReorder, "reorder"},
    {FaultKind::kReuseReplayId, "reuse_replay_id"},
}};

FaultKind kind_of(std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& [kind, text] : kNames) {
    if (text == name) return kind;
    known.push_back(text);
  }
  throw BadRequest(fmt::format("unknown kind \"{}\"; known: {}", name, fmt::join(known, ", ")));
}

}  // namespace

std::string_view name_of(FaultKind kind) {
  const auto* found =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& n) { return n.first == kind; });
  return found->second;
}

Fault FaultBook::read(const boost::json::object& order) {
  expect_only(order, {"vendor", "action", "kind", "latency_ms", "jitter_ms", "after", "next", "probability",
                      "hold_ms", "applied", "code", "id", "hits"});
  Fault fault;
  std::string kind = "none";
  take(order, "vendor", fault.vendor);
  take(order, "action", fault.action);
  take(order, "kind", kind);
  take(order, "code", fault.code);
  take(order, "latency_ms", fault.latency_ms);
  take(order, "jitter_ms", fault.jitter_ms);
  take(order, "after", fault.after);
  take(order, "next", fault.next);
  take(order, "probability", fault.probability);
  take(order, "hold_ms", fault.hold_ms);
  if (order.contains("applied") && !order.at("applied").is_null())
    take(order, "applied", fault.applied.emplace());
  fault.kind = kind_of(kind);
  fault.action = lower(fault.action);
  if (std::find(kVendors.begin(), kVendors.end(), fault.vendor) == kVendors.end())
    throw BadRequest(fmt::format("vendor: one of {} expected", fmt::join(kVendors, ", ")));
  const bool names_errors = fault.vendor != "whmcs" && fault.vendor != "mail";
  if ((fault.kind == FaultKind::kError) != !fault.code.empty() || (!fault.code.empty() && !names_errors))
    throw BadRequest("code: goes with kind \"error\", and not with whmcs or mail");
  const bool of_events = fault.kind == FaultKind::kRepeat || fault.kind == FaultKind::kReorder ||
                         fault.kind == FaultKind::kReuseReplayId;
  if (of_events && fault.vendor != "pubsub")
    throw BadRequest("kind: repeat, reorder and reuse_replay_id go with vendor \"pubsub\"");
  if (fault.latency_ms < 0 || fault.jitter_ms < 0 || fault.hold_ms < 0)
    throw BadRequest("latency_ms, jitter_ms, hold_ms: not below 0");
  if (fault.probability < 0 || fault.probability > 1) throw BadRequest("probability: 0 to 1 expected");
  return fault;
}

boost::json::array FaultBook::list() const {
  const std::lock_guard lock(mutex_);
  boost::json::array out;
  for (const auto& fault : faults_) {
    boost::json::object one{{"id", fault.id},
                            {"vendor", fault.vendor},
                            {"action", fault.action},
                            {"kind", name_of(fault.kind)},
                            {"latency_ms", fault.latency_ms},
                            {"jitter_ms", fault.jitter_ms},
                            {"after", fault.after},
                            {"next", fault.next},
                            {"probability", fault.probability},
                            {"hold_ms", fault.hold_ms},
                            {"hits", fault.hits}};
    if (!fault.code.empty()) one["code"] = fault.code;
    if (fault.applied) one["applied"] = *fault.applied;
    out.push_back(std::move(one));
  }
  return out;
}

void FaultBook::add(Fault fault) {
  const std::lock_guard lock(mutex_);
  fault.id = ++last_id_;
  fault.hits = 0;
  faults_.push_back(std::move(fault));
}

void FaultBook::replace(std::vector<Fault> faults) {
  const std::lock_guard lock(mutex_);
  for (auto& fault : faults) {
    fault.id = ++last_id_;
    fault.hits = 0;
  }
  faults_ = std::move(faults);
}

void FaultBook::clear() {
  {
    const std::lock_guard lock(mutex_);
    faults_.clear();
  }
  release();
}

void FaultBook::release() {
  const std::lock_guard lock(mutex_);
  ++releases_;
  woken_.notify_all();
}

void FaultBook::shut_down() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  woken_.notify_all();
}

std::int64_t FaultBook::holding() const {
  const std::lock_guard lock(mutex_);
  return holding_;
}

Verdict FaultBook::decide(std::string_view vendor, std::string_view action) {
  const std::lock_guard lock(mutex_);
  Verdict verdict;
  for (auto& fault : faults_) {
    if (fault.vendor != vendor || (!fault.action.empty() && fault.action != action) || fault.next == 0)
      continue;
    if (fault.after > 0) {
      --fault.after;
      continue;
    }
    if (fault.kind != FaultKind::kNone && verdict.kind != FaultKind::kNone) continue;
    if (fault.probability < 1 && std::uniform_real_distribution<>(0, 1)(chance_) >= fault.probability)
      continue;
    if (fault.next > 0) --fault.next;
    ++fault.hits;
    verdict.latency_ms += fault.latency_ms;
    if (fault.jitter_ms > 0)
      verdict.latency_ms += std::uniform_int_distribution<std::int64_t>(0, fault.jitter_ms)(chance_);
    if (fault.kind == FaultKind::kNone) continue;
    verdict.kind = fault.kind;
    verdict.hold_ms = fault.hold_ms;
    verdict.applied = fault.applied;
    verdict.code = fault.code;
  }
  return verdict;
}

void FaultBook::delay(std::int64_t ms, const std::function<bool()>& peer_gone) {
  if (ms > 0) wait(ms, peer_gone, false);
}

HoldEnd FaultBook::hold(std::int64_t ms, const std::function<bool()>& peer_gone) {
  return wait(ms, peer_gone, true);
}

HoldEnd FaultBook::wait(std::int64_t ms, const std::function<bool()>& peer_gone, bool released_counts) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  std::unique_lock lock(mutex_);
  const std::uint64_t before = releases_;
  ++holding_;
  HoldEnd result = HoldEnd::kTimedOut;
  while (!ending_) {
    if (released_counts && releases_ != before) {
      result = HoldEnd::kReleased;
      break;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= end) break;
    woken_.wait_until(lock, std::min(end, now + kSlice));
    lock.unlock();
    const bool gone = peer_gone && peer_gone();
    lock.lock();
    if (gone) {
      result = HoldEnd::kHungUp;
      break;
    }
  }
  --holding_;
  return result;
}

}  // namespace sandbox
