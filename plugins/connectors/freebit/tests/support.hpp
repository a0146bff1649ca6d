// What the tests share: a journal in memory, a scripted interface, codes of failures.
#pragma once

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <portico/contract.hpp>
#include <vector>

#include "client/api.hpp"
#include "mapping/journal.hpp"

namespace freebit {

/// Keeps what store/order_journal keeps, for one process.
class MemoryJournal final : public Journal {
 public:
  bool claim(const Entry& wanted, const std::function<bool(const Known&)>& decide) override {
    const std::lock_guard lock(mutex);
    Known known;
    for (const auto& [id, entry] : entries) {
      if (id == wanted.operation_id)
        known.same = entry;
      else if (entry.account == wanted.account && (entry.tried_at > wanted.tried_at - kMatters ||
                                                   entry.effective_at > wanted.tried_at - kMatters))
        known.others.push_back(entry);
    }
    if (!decide(known)) return false;
    entries[wanted.operation_id] = wanted;
    return true;
  }
  void settle(const std::string& operation_id, EntryState state, std::optional<Seconds> due_at) override {
    const std::lock_guard lock(mutex);
    if (fail_settle) throw portico::Problem(503, "database.unavailable");
    entries.at(operation_id).state = state;
    entries.at(operation_id).due_at = due_at;
  }
  void forget(const std::string& operation_id) override {
    const std::lock_guard lock(mutex);
    entries.erase(operation_id);
  }
  void tidy(Seconds) override {}

  std::mutex mutex;
  std::map<std::string, Entry> entries;
  bool fail_settle = false;
};

/// "422 request.invalid /amount/mb too_small", "" when nothing is thrown.
template <class F>
std::string code_of(F&& fn) {
  try {
    fn();
  } catch (const portico::Problem& problem) {
    auto out = fmt::format("{} {}", problem.status, problem.code);
    if (const auto* errors = problem.members.if_contains("errors"))
      for (const auto& error : errors->as_array())
        out += fmt::format(" {} {}", std::string(error.at("pointer").as_string()),
                           std::string(error.at("code").as_string()));
    return out;
  } catch (const Refusal& refusal) {
    return "refused " + refusal.code;
  }
  return {};
}

/// "accepted 2026-11-30T…", "refused busy until …", "refused invalid 400-356".
template <class Outcome>
std::string words(const Outcome& out) {
  using State = decltype(out.state);
  const auto json = portico::encode(out).as_object();
  std::string text(json.at("state").as_string());
  if (const auto* reason = json.if_contains("reason")) text += " " + std::string(reason->as_string());
  if (const auto* until = json.if_contains("busy_until")) text += " until " + std::string(until->as_string());
  if (const auto* code = json.if_contains("provider_code")) text += " " + std::string(code->as_string());
  if (out.state == State::accepted) text += " " + std::string(json.at("due_at").as_string());
  return text;
}

inline constexpr auto kEid = "89049032000000000000000000000066";

}  // namespace freebit
