// The life of an order. source: the interface reference, its section 6: no time-out decides an outcome
#include "mapping/orders.hpp"

#include <boost/json/serialize.hpp>

namespace freebit {

namespace contract = portico::mobile;
using contract::Outcome;
using contract::OutcomeState;
using contract::RefusalReason;

namespace {

constexpr std::chrono::minutes kLookAgain{5};

Outcome refused(RefusalReason reason, std::optional<Seconds> busy_until = {}, std::string code = {}) {
  Outcome out;
  out.state = OutcomeState::refused;
  out.reason = reason;
  if (busy_until) out.busy_until = rfc3339(*busy_until);
  if (!code.empty()) out.provider_code = std::move(code);
  return out;
}

RefusalReason reason_of(Meaning meaning) {
  switch (meaning) {
    case Meaning::busy:
      return RefusalReason::busy;
    case Meaning::not_found:
      return RefusalReason::not_found;
    case Meaning::not_now:
      return RefusalReason::not_now;
    case Meaning::ok:
    case Meaning::key:
    case Meaning::invalid:
    case Meaning::server:
      break;
  }
  return RefusalReason::invalid;
}

}  // namespace

Outcome Orders::unknown(Seconds ask_again) const {
  Outcome out;
  out.state = OutcomeState::unknown;
  out.due_at = rfc3339(ask_again);
  return out;
}

Outcome Orders::settled(const Order& order, EntryState state) {
  const auto due = order.effective_at + row_of(order.change).takes;
  Outcome out;
  out.state = state == EntryState::done ? OutcomeState::done : OutcomeState::accepted;
  const auto now = setting_.now();
  const auto ask_at = due > now ? due : now + kLookAgain;
  if (state == EntryState::accepted) out.due_at = rfc3339(ask_at);
  try {
    journal_.settle(order.operation_id, state,
                    state == EntryState::accepted ? std::optional(ask_at) : std::nullopt);
  } catch (const portico::Problem& problem) {
    // The entry still says "sending": whoever asks again looks first.
    setting_.note("the outcome of an order could not be stored", order.operation_id, problem.code);
  }
  return out;
}

std::optional<EntryState> Orders::seen(const Order& order) {
  try {
    return order.look();
  } catch (const std::exception& failed) {
    setting_.note("an order could not be read back", order.operation_id, failed.what());
    return std::nullopt;
  }
}

Outcome Orders::run(const Order& order) {
  const auto now = setting_.now();
  Entry wanted{order.operation_id,
               order.account,
               order.change,
               setting_.digest(boost::json::serialize(order.wish)),
               EntryState::sending,
               now,
               now,
               order.effective_at,
               {}};
  std::optional<Entry> same;
  std::optional<Seconds> blocked;
  const bool ours = journal_.claim(wanted, [&](const Journal::Known& known) {
    same = known.same;
    if (same) return false;
    if (order.check) order.check();
    std::vector<Earlier> earlier;
    for (const auto& other : known.others)
      earlier.push_back(
          {other.change, other.state == EntryState::sending, other.tried_at, other.effective_at});
    blocked = blocked_until(earlier, order.change, order.effective_at, now, setting_.spacing);
    return !blocked;
  });
  if (same && (same->wish != wanted.wish || same->account != wanted.account || same->change != wanted.change))
    throw portico::Problem(409, "mobile.operation_id_reused", order.operation_id);
  if (same) return repeat(order, *same);
  if (!ours) return refused(RefusalReason::busy, blocked);
  return send(order, false);
}

Outcome Orders::repeat(const Order& order, const Entry& entry) {
  const auto now = setting_.now();
  Order again = order;
  again.effective_at = entry.effective_at;  // as it was ordered, not as it would be today
  switch (entry.state) {
    case EntryState::done: {
      Outcome out;
      out.state = OutcomeState::done;
      return out;
    }
    case EntryState::accepted: {
      if (entry.due_at && now < *entry.due_at) {
        Outcome out;
        out.state = OutcomeState::accepted;
        out.due_at = rfc3339(*entry.due_at);
        return out;
      }
      const bool done = seen(again) == EntryState::done;
      return settled(again, done ? EntryState::done : EntryState::accepted);
    }
    case EntryState::sending:
      if (now < entry.tried_at + kOnItsWay) return unknown(entry.tried_at + kOnItsWay);
      break;
    case EntryState::unknown:
      break;
  }
  if (const auto state = seen(again)) return settled(again, *state);
  if (!row_of(order.change).repeatable || now < entry.tried_at + kSettled)
    return unknown(std::max(entry.tried_at + kSettled, now + kLookAgain));
  // Looked for, and long enough ago: it was not carried out. Whoever claims first sends it once more.
  Entry anew = entry;
  anew.state = EntryState::sending;
  anew.tried_at = now;
  anew.effective_at = order.effective_at;
  const bool ours = journal_.claim(anew, [&](const Journal::Known& known) {
    return known.same && known.same->state == entry.state && known.same->tried_at == entry.tried_at;
  });
  return ours ? send(order, true) : unknown(now + kOnItsWay);
}

Outcome Orders::send(const Order& order, bool repeated) {
  try {
    order.send(repeated);
  } catch (const Refusal& refusal) {
    // An earlier try that arrived late is what may be in the way of this one.
    if (repeated)
      if (const auto state = seen(order)) return settled(order, *state);
    journal_.forget(order.operation_id);
    const auto busy = refusal.meaning == Meaning::busy
                          ? std::optional(setting_.now() + setting_.spacing.apart)
                          : std::nullopt;
    return refused(reason_of(refusal.meaning), busy, refusal.code);
  } catch (const Uncertain& uncertain) {
    setting_.note("an order has an unknown outcome", order.operation_id, uncertain.detail);
    if (const auto state = seen(order)) return settled(order, *state);
    journal_.settle(order.operation_id, EntryState::unknown, std::nullopt);
    return unknown(setting_.now() + kSettled);
  } catch (const portico::Problem&) {
    if (!repeated)
      journal_.forget(order.operation_id);
    else
      journal_.settle(order.operation_id, EntryState::unknown, std::nullopt);
    throw;
  }
  const bool done =
      order.immediate || (row_of(order.change).takes.count() == 0 && order.effective_at <= setting_.now());
  return settled(order, done ? EntryState::done : EntryState::accepted);
}

}  // namespace freebit
