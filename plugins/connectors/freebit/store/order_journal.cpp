// SQL of the journal. Times come from the caller: rules and rows share one clock.
#include "store/order_journal.hpp"

#include <algorithm>

namespace freebit::store {

namespace {

constexpr std::pair<EntryState, std::string_view> kStates[] = {{EntryState::sending, "sending"},
                                                               {EntryState::unknown, "unknown"},
                                                               {EntryState::accepted, "accepted"},
                                                               {EntryState::done, "done"}};

std::string_view word_of(EntryState state) {
  for (const auto& [known, word] : kStates)
    if (known == state) return word;
  return {};
}

EntryState state_of(std::string_view word) {
  for (const auto& [state, known] : kStates)
    if (known == word) return state;
  throw portico::Problem(500, "internal", "no such state of an order");
}

// One order at a time for a line, whichever replica it comes to.
constexpr auto kLock = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 20331)) IS NULL";

#define FREEBIT_COLUMNS \
  "operation_id, account, change, wish, state, started_at, tried_at, effective_at, due_at"
constexpr auto kFind = "SELECT " FREEBIT_COLUMNS " FROM orders WHERE operation_id = $1::text";
constexpr auto kOthers = "SELECT " FREEBIT_COLUMNS
                         " FROM orders WHERE account = $1::text AND operation_id <> $2::text"
                         " AND (tried_at > $3::timestamptz OR effective_at > $3::timestamptz)";
#undef FREEBIT_COLUMNS

constexpr auto kPut = R"(
  INSERT INTO orders(operation_id, account, change, wish, state, started_at, tried_at, effective_at)
  VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::timestamptz, $7::timestamptz, $8::timestamptz)
  ON CONFLICT (operation_id) DO UPDATE SET state = excluded.state, tried_at = excluded.tried_at,
    effective_at = excluded.effective_at)";
constexpr auto kSettle =
    "UPDATE orders SET state = $2::text, due_at = $3::timestamptz WHERE operation_id = $1::text";
constexpr auto kForget = "DELETE FROM orders WHERE operation_id = $1::text";
constexpr auto kTidy =
    "DELETE FROM orders WHERE tried_at < $1::timestamptz AND effective_at < $1::timestamptz";

constexpr std::string_view kReason = "orders of mobile lines";

Seconds seconds(portico::Time time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

Entry entry_at(const portico::Rows& rows, std::size_t row) {
  Entry entry;
  entry.operation_id = rows.text(row, 0);
  entry.account = rows.text(row, 1);
  entry.change = change_of(rows.text(row, 2));
  entry.wish = rows.text(row, 3);
  entry.state = state_of(rows.text(row, 4));
  entry.started_at = seconds(rows.time(row, 5));
  entry.tried_at = seconds(rows.time(row, 6));
  entry.effective_at = seconds(rows.time(row, 7));
  if (!rows.null(row, 8)) entry.due_at = seconds(rows.time(row, 8));
  return entry;
}

portico::Parameter at(Seconds time) {
  return portico::Parameter(portico::Time(time));
}

}  // namespace

bool OrderJournal::claim(const Entry& wanted, const std::function<bool(const Known&)>& decide) {
  return database_.as_system(kReason, [&](portico::Transaction& tx) {
    tx.run(kLock, {wanted.account});
    Known known;
    const auto same = tx.run(kFind, {wanted.operation_id});
    if (!same.empty()) known.same = entry_at(same, 0);
    const auto others =
        tx.run(kOthers, {wanted.account, wanted.operation_id, at(wanted.tried_at - kMatters)});
    for (std::size_t row = 0; row < others.size(); ++row) known.others.push_back(entry_at(others, row));
    if (!decide(known)) return false;
    tx.run(kPut,
           {wanted.operation_id, wanted.account, name_of(wanted.change), wanted.wish, word_of(wanted.state),
            at(wanted.started_at), at(wanted.tried_at), at(wanted.effective_at)});
    return true;
  });
}

void OrderJournal::settle(const std::string& operation_id, EntryState state, std::optional<Seconds> due_at) {
  database_.as_system(kReason, [&](portico::Transaction& tx) {
    tx.run(kSettle, {operation_id, word_of(state), due_at ? at(*due_at) : portico::Parameter(nullptr)});
  });
}

void OrderJournal::forget(const std::string& operation_id) {
  database_.as_system(kReason, [&](portico::Transaction& tx) { tx.run(kForget, {operation_id}); });
}

void OrderJournal::tidy(Seconds now) {
  database_.as_system(kReason, [&](portico::Transaction& tx) { tx.run(kTidy, {at(now - kKept)}); });
}

}  // namespace freebit::store
