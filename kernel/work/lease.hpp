// Work that lies in PostgreSQL: claimed under a lease with SKIP LOCKED, settled by epoch, tried again later.
//
// One concept for every table with the columns state, attempt, run_at, lease_until, lease_owner, lease_epoch:
// who claims gets the epoch; who was away for longer than the lease finds another epoch and changes nothing.
#pragma once

#include <string>
#include <string_view>

namespace kernel::work {

/// How such a table names what they have in common. The SQL below calls its rows j.
struct LeasedTable {
  std::string_view name;
  std::string_view running;  // the state while somebody holds it
  std::string_view attempt;  // the column that counts attempts
};

inline constexpr LeasedTable kMailTable{"kernel.mail", "sending", "attempts"};
inline constexpr LeasedTable kJobTable{"kernel.job", "running", "attempt"};

/// Claims the rows whose ids `chosen` selects (with LIMIT and FOR UPDATE SKIP LOCKED, of those in state
/// 'available' that are due): "WITH c AS (…), u AS (UPDATE … RETURNING returning)". $1 is the claimer, lease
/// an expression in seconds that may name columns of c. The fence keeps the planner from locking more than
/// the limit.
std::string claim_sql(const LeasedTable& table, std::string_view chosen, std::string_view lease,
                      std::string_view returning);

/// " WHERE …" that holds as long as claim $1 of epoch $2 does.
std::string held_sql(const LeasedTable& table);

/// Claim $1, $2 goes back as it was.
std::string give_back_sql(const LeasedTable& table);

/// What nobody renewed is available again; at most 1,000 rows at once.
std::string expire_sql(const LeasedTable& table);

/// The time of the next attempt: base seconds, doubled with each attempt so far, at most most, ± half.
std::string backoff_sql(std::string_view base, std::string_view attempt, std::string_view most);

/// The beginning of a text, of `most` bytes at the most, as PostgreSQL takes it: whole characters of UTF-8,
/// "?" for what is none. An error that cannot be stored would keep its work from ever being settled.
std::string storable(std::string_view text, std::size_t most);

}  // namespace kernel::work
