// Switches as JSON: strict about names and values.
#include "examples/sandbox/freebit/switches.hpp"

#include <algorithm>
#include <initializer_list>

#include "examples/sandbox/common/json_fields.hpp"

namespace sandbox::freebit {

namespace json = boost::json;

namespace {

void expect_one_of(std::string_view name, const std::string& value,
                   std::initializer_list<std::string_view> known) {
  if (std::find(known.begin(), known.end(), value) == known.end())
    throw BadRequest(fmt::format("{}: one of {} expected", name, fmt::join(known, ", ")));
}

}  // namespace

json::object Switches::to_json() const {
  return portico::encode(*this).as_object();
}

void Switches::update(const json::object& changes) {
  auto whole = to_json();
  for (const auto& member : changes) {
    const auto* known = whole.if_contains(member.key());
    if (known && known->is_object() && member.value().is_object()) {
      auto& inner = whole[member.key()].as_object();
      for (const auto& one : member.value().get_object()) inner[one.key()] = one.value();
    } else {
      whole[member.key()] = member.value();
    }
  }
  Switches fresh;
  try {
    fresh = portico::decode<Switches>(whole);
  } catch (const portico::Problem& problem) {
    throw BadRequest(fmt::format("switches: {}", json::serialize(problem.members.at("errors"))));
  }
  expect_one_of("numbers", fresh.numbers, {"strings", "numbers"});
  expect_one_of("spelling", fresh.spelling, {"camel", "lower"});
  expect_one_of("status_member", fresh.status_member, {"present", "missing"});
  expect_one_of("network_member", fresh.network_member, {"networkType", "contractLine", "none"});
  expect_one_of("state_member", fresh.state_member, {"state", "status"});
  expect_one_of("lists", fresh.lists, {"comma", "array"});
  expect_one_of("state_words", fresh.state_words, {"words", "unheard_of"});
  expect_one_of("language", fresh.language, {"en", "ja"});
  if (fresh.kb_per_mb != 1000 && fresh.kb_per_mb != 1024)
    throw BadRequest("kb_per_mb: 1000 or 1024 expected");
  *this = std::move(fresh);
}

}  // namespace sandbox::freebit
