// What every operation needs: the client, the clock, the org's own words; and acting once.
#pragma once

#include <functional>
#include <portico/contracts/crm.hpp>
#include <portico/contracts/money.hpp>

#include "client/client.hpp"

namespace salesforce {

/// What orgs choose themselves.
struct Words {
  std::string price_book = "Portal";
  std::string currency = "JPY";
  std::string draft_status = "Draft";
  std::string review_status = "Ready for Review";
  std::string active_status = "Activated";
  std::string closed_status = "Closed";
  bool comment_keys = false;  // CaseComment has a field for our reference
};

struct Desk {
  Client& client;
  Words words;
  std::function<std::chrono::sys_seconds()> now;

  std::string as_of() const;
  portico::Money money(const Record& record, std::string_view field) const {
    return {record.money(field, words.currency), words.currency};
  }
};

/// "2026-06-12T22:30:00Z"
std::string rfc3339(std::chrono::sys_seconds at);
/// 1 to 64 characters of A–Z a–z 0–9 . _ -. errors: 422 request.invalid
void check_reference(std::string_view reference);
/// Length in characters. errors: 422 request.invalid
void check_length(std::string_view text, std::string_view pointer, std::size_t least, std::size_t most);
/// errors: 422 request.invalid, also for what lies deeper than 2,000 rows
void check_page(std::int64_t page, std::int64_t page_size);
/// The record's id of 18 characters. errors: 404 with this code for a text that is none of this kind
std::string id_of(std::string_view text, std::string_view prefix, const char* code);
/// How a list is asked for.
How how(portico::crm::Urgency urgency);

/// The problem a refusal leaves as; pointers are those of the contract.
///
/// returns   422 crm.refused with errors; 409 crm.duplicate, crm.ambiguous; 503 upstream.busy for a row that
/// stayed
///           locked; 502 upstream.refused
portico::Problem problem_of(const Refusal& refusal);
/// Whether the refusal says that the record is not there, or is no longer.
bool is_gone(const Refusal& refusal);

/// Runs fn; a refusal leaves as its problem, a bad reply as the client's.
template <class F>
auto in_our_words(const Desk& desk, std::string_view operation, F&& fn) {
  try {
    return fn();
  } catch (const Refusal& refusal) {
    throw problem_of(refusal);
  } catch (const BadReply& bad) {
    throw desk.client.bad_reply(operation, bad.what());
  }
}

/// Whether a write may have run although its call failed.
bool may_have_run(const portico::Problem& problem);
/// 503 crm.outcome_unknown for a write that ended so.
portico::Problem outcome_unknown(std::string_view operation, const portico::Problem& problem);

/// Makes what has a key of ours, once. The org's unique index decides, so it acts first: a repeat is turned
/// down as a duplicate and found; where nobody knows how it ended, it is looked for.
///
/// look      returns the effect, or nothing
/// errors    503 crm.outcome_unknown: it may have run, or may still be running, and is not to be seen
template <class Look, class Act>
auto make_once(std::string_view operation, Look look, Act act) -> typename decltype(look())::value_type {
  try {
    return act();
  } catch (const Refusal& refusal) {
    if (refusal.has("DUPLICATE_VALUE"))
      if (auto found = look()) return std::move(*found);
    throw;
  } catch (const portico::Problem& problem) {
    if (!may_have_run(problem)) throw;
    try {
      if (auto found = look()) return std::move(*found);
    } catch (const portico::Problem& again) {
      if (again.status < 500) throw;  // that is known: somebody else's, or gone
    } catch (const Refusal&) {
      // no answer to the question either
    }
    throw outcome_unknown(operation, problem);
  }
}

/// Sets values, which is the same the second time: where nobody knows how it ended, it is looked whether they
/// stand.
///
/// stands    whether the record is as it is wanted
template <class Stands, class Act>
void set_once(std::string_view operation, Stands stands, Act act) {
  try {
    act();
  } catch (const portico::Problem& problem) {
    if (!may_have_run(problem)) throw;
    try {
      if (stands()) return;
    } catch (const portico::Problem& again) {
      if (again.status < 500) throw;
    } catch (const Refusal&) {
    }
    throw outcome_unknown(operation, problem);
  }
}

}  // namespace salesforce
