// What every operation needs: the API, the calendar, a customer's currency; and acting once.
#pragma once

#include <functional>
#include <portico/outbound.hpp>
#include <portico/problem.hpp>

#include "client/api.hpp"
#include "mapping/zone.hpp"

namespace whmcs {

struct Desk {
  Api& api;
  Zone zone;
  std::function<std::chrono::sys_seconds()> now;
  /// The currency of a client, as ISO 4217; may be remembered, it does not change while there are invoices.
  std::function<std::string(const std::string& customer_id)> currency;

  std::string as_of() const { return rfc3339(now()); }
};

/// Whether a write may have run although its call failed. A full queue, an open breaker, a bar at the door
/// and whatever surely was not sent mean that it did not.
bool may_have_run(const portico::Problem& problem);

/// 503 billing.outcome_unknown for a write that ended so.
portico::Problem outcome_unknown(std::string_view action, const portico::Problem& problem);

/// Acts once: looks for the effect first, and again where nobody knows whether the action took place.
///
/// look      returns the effect, or nothing; its own failure before the act means that nothing was done
/// act       one call that writes; a Refusal means that it had no effect
/// errors    503 billing.outcome_unknown: it may have run, or may still be running, and is not to be seen
template <class Look, class Act>
auto act_once(std::string_view action, Look look, Act act) -> typename decltype(look())::value_type {
  if (auto found = look()) return std::move(*found);
  try {
    return act();
  } catch (const portico::Problem& problem) {
    if (!may_have_run(problem)) throw;
    try {
      if (auto found = look()) return std::move(*found);
    } catch (const portico::Problem& again) {
      if (again.status < 500) throw;  // that is known: somebody else's, or gone
    } catch (const Refusal&) {
      // no answer to the question either
    }
    throw outcome_unknown(action, problem);
  }
}

/// A caller's reference. errors: 422 request.invalid
void check_reference(std::string_view reference);
/// "portico:<reference>", as notes and descriptions hold it.
std::string mark_of(std::string_view reference);
/// Whether a text holds the mark as a word of its own.
bool holds_mark(std::string_view text, std::string_view mark);
/// from ≥ 1, size 1 to 100. errors: 422 request.invalid
void check_page(std::int64_t page, std::int64_t page_size);
/// Minor units as WHMCS takes them: 1595 CHF is "15.95", 1980 JPY is "1980.00". Exact for every currency.
std::string amount_text(std::int64_t minor, std::string_view currency);

}  // namespace whmcs
