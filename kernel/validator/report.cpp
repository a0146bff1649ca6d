// The report as text and as JSON.
#include "kernel/validator/report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kernel::validator {

namespace json = boost::json;

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::refused:
      return "refused";
    case Outcome::not_checked:
      return "not checked";
  }
  return "unknown";
}

void Report::pass(std::string stage, std::string name, std::string wanted, std::string found) {
  checks.push_back(
      {std::move(stage), std::move(name), Outcome::passed, std::move(found), std::move(wanted), {}});
}

void Report::refuse(std::string stage, std::string name, std::string wanted, std::string found,
                    std::string mend) {
  checks.push_back({std::move(stage), std::move(name), Outcome::refused, std::move(found), std::move(wanted),
                    std::move(mend)});
}

void Report::skip(std::string stage, std::string name, std::string wanted, std::string why) {
  checks.push_back(
      {std::move(stage), std::move(name), Outcome::not_checked, std::move(why), std::move(wanted), {}});
}

bool Report::refused() const {
  return std::any_of(checks.begin(), checks.end(),
                     [](const Check& c) { return c.outcome == Outcome::refused; });
}

std::string Report::text() const {
  std::string out = fmt::format("{}\n  {} {}  sha256 {}\n", file, id.empty() ? "(no plugin)" : id, version,
                                sha256.substr(0, 16));
  for (const auto& c : checks) {
    const auto mark = c.outcome == Outcome::passed ? "ok" : c.outcome == Outcome::refused ? "REFUSED" : "-";
    out += fmt::format("  {:<8}{:<8}{:<26}{}\n", mark, c.stage, c.name,
                       c.outcome == Outcome::refused || c.found.empty() ? c.wanted : c.found);
    if (c.outcome == Outcome::refused)
      out += fmt::format("          found: {}\n          mend:  {}\n", c.found, c.mend);
  }
  const auto count = [&](Outcome outcome) {
    return std::count_if(checks.begin(), checks.end(), [&](const Check& c) { return c.outcome == outcome; });
  };
  return out + fmt::format("  {}: {} checks passed, {} refused, {} not made\n",
                           refused() ? "refused" : "fine", count(Outcome::passed), count(Outcome::refused),
                           count(Outcome::not_checked));
}

json::object Report::json() const {
  json::array list;
  for (const auto& c : checks) {
    json::object one{{"stage", c.stage},
                     {"name", c.name},
                     {"outcome", to_string(c.outcome)},
                     {"wanted", c.wanted},
                     {"found", c.found}};
    if (c.outcome == Outcome::refused) one["mend"] = c.mend;
    list.push_back(std::move(one));
  }
  return {{"file", file},       {"sha256", sha256},     {"id", id},
          {"version", version}, {"refused", refused()}, {"checks", std::move(list)}};
}

}  // namespace kernel::validator
