// The tables. source: the interface reference, sections 5 and 6
#include "mapping/rules.hpp"

#include <algorithm>
#include <portico/problem.hpp>

namespace freebit {

namespace {

using std::chrono::minutes;

constexpr ChangeRow kChanges[] = {
    {Change::top_up, "top_up", minutes(0), true},          {Change::plan, "plan", minutes(0), true},
    {Change::voice, "voice", minutes(10), true},           {Change::network, "network", minutes(30), true},
    {Change::activation, "activation", minutes(10), true},  // looked for by its number
    {Change::reissue, "reissue", minutes(10), false},       // a second one would void the first
    {Change::cancel, "cancel", minutes(10), true},
};

enum class Until {
  lock,       // so many minutes after it was sent
  apart,      // so many minutes around the moment it takes effect
  effective,  // until it has taken effect
};

struct Rule {
  Change after;
  std::optional<Change> wanted;  // nothing: any
  Until until;
};

// The lock is the sheet's; the rest is the portal's experience.
constexpr Rule kRules[] = {
    {Change::network, std::nullopt, Until::lock},     {Change::voice, Change::voice, Until::apart},
    {Change::voice, Change::network, Until::apart},   {Change::voice, Change::plan, Until::apart},
    {Change::plan, Change::voice, Until::apart},      {Change::plan, Change::network, Until::apart},
    {Change::plan, Change::plan, Until::apart},       {Change::plan, Change::plan, Until::effective},
    {Change::cancel, Change::plan, Until::effective},
};

std::optional<Seconds> until_of(const Rule& rule, const Earlier& before, Seconds effective_at, Seconds now,
                                const Spacing& spacing) {
  switch (rule.until) {
    case Until::lock:
      return before.tried_at + spacing.network_lock;
    case Until::apart:
      // Too close is too close whichever comes first.
      if (effective_at + spacing.apart <= before.effective_at) return std::nullopt;
      if (effective_at >= before.effective_at + spacing.apart) return std::nullopt;
      return before.effective_at + spacing.apart;
    case Until::effective:
      if (before.effective_at <= now) return std::nullopt;
      return before.effective_at + row_of(before.change).takes;
  }
  return std::nullopt;
}

}  // namespace

const ChangeRow& row_of(Change change) {
  return *std::find_if(std::begin(kChanges), std::end(kChanges),
                       [&](const ChangeRow& row) { return row.change == change; });
}

std::string_view name_of(Change change) {
  return row_of(change).name;
}

Change change_of(std::string_view name) {
  for (const auto& row : kChanges)
    if (row.name == name) return row.change;
  throw portico::Problem(500, "internal", "no such change: " + std::string(name));
}

std::optional<Seconds> blocked_until(const std::vector<Earlier>& earlier, Change wanted, Seconds effective_at,
                                     Seconds now, const Spacing& spacing) {
  Seconds until = now;
  for (const auto& before : earlier) {
    if (before.sending) until = std::max(until, before.tried_at + kOnItsWay);
    for (const auto& rule : kRules) {
      if (rule.after != before.change || (rule.wanted && *rule.wanted != wanted)) continue;
      if (const auto end = until_of(rule, before, effective_at, now, spacing)) until = std::max(until, *end);
    }
  }
  if (until == now) return std::nullopt;
  return until;
}

}  // namespace freebit
