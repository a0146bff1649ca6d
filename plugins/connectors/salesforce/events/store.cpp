// SQL of the cursor. Leases and ages are judged by PostgreSQL's clock alone.
#include "events/store.hpp"

#include <boost/json.hpp>
#include <portico/problem.hpp>
#include <set>

namespace salesforce::events {

namespace {

constexpr std::string_view kReason = "events of the customer-relations system";

constexpr auto kKnow = "INSERT INTO event_cursor(channel) VALUES ($1::text) ON CONFLICT DO NOTHING";
constexpr auto kAcquire = R"(
  UPDATE event_cursor SET epoch = epoch + 1, owner = $2::text, connected = false,
    lease_until = clock_timestamp() + $3::bigint * interval '1 millisecond'
  WHERE channel = $1::text AND (owner IS NULL OR owner = $2::text OR lease_until < clock_timestamp())
  RETURNING epoch, replay_id, heard_at,
    coalesce(heard_at < clock_timestamp() - interval '72 hours', false))";
constexpr auto kRenew = R"(
  UPDATE event_cursor SET connected = $4::boolean,
    lease_until = clock_timestamp() + $3::bigint * interval '1 millisecond'
  WHERE channel = $1::text AND epoch = $2::bigint)";
constexpr auto kRelease = R"(
  UPDATE event_cursor SET owner = NULL, lease_until = NULL, connected = false
  WHERE channel = $1::text AND epoch = $2::bigint)";

constexpr auto kMark = R"(
  INSERT INTO event_inbox(channel, event_id)
  SELECT $1::text, id FROM jsonb_array_elements_text($2::jsonb) AS id ON CONFLICT DO NOTHING RETURNING event_id)";
constexpr auto kPoison = R"(
  INSERT INTO event_poison(channel, event_id, replay_id, schema_id, payload, reason)
  VALUES ($1::text, $2::text, $3::bytea, $4::text, $5::bytea, $6::text) ON CONFLICT DO NOTHING)";
// Comes first in its transaction: it holds the row, so that two who think they lead cannot both go on.
constexpr auto kMove = R"(
  UPDATE event_cursor SET replay_id = coalesce($3::bytea, replay_id), heard_at = clock_timestamp(), connected = true,
    lease_until = clock_timestamp() + $4::bigint * interval '1 millisecond',
    event_at = coalesce($5::timestamptz, event_at),
    lag_ms = CASE WHEN $5::timestamptz IS NULL THEN lag_ms
             ELSE (extract(epoch FROM clock_timestamp() - $5::timestamptz) * 1000)::bigint END
  WHERE channel = $1::text AND epoch = $2::bigint)";
constexpr auto kRemember =
    "INSERT INTO event_cursor_history(channel, replay_id) VALUES ($1::text, $2::bytea)";

constexpr auto kFind =
    "SELECT replay_id, heard_at FROM event_cursor WHERE channel = $1::text AND epoch = $2::bigint FOR UPDATE";
// The newest place that is not the refused one; what came after it is of no use any more.
constexpr auto kEarlier = R"(
  SELECT id, replay_id, at FROM event_cursor_history
  WHERE channel = $1::text AND replay_id IS DISTINCT FROM $2::bytea ORDER BY id DESC LIMIT 1)";
constexpr auto kForgetFrom = "DELETE FROM event_cursor_history WHERE channel = $1::text AND id >= $2::bigint";
constexpr auto kBack = R"(
  UPDATE event_cursor SET replay_id = $2::bytea, missed_since = $3::timestamptz, missed_reason = $4::text,
    missed_found_at = clock_timestamp() WHERE channel = $1::text)";

constexpr auto kState = R"(
  SELECT replay_id, connected, coalesce(lease_until > clock_timestamp(), false), heard_at, event_at, lag_ms,
    missed_since, missed_found_at, missed_reason,
    (SELECT count(*) FROM event_poison p WHERE p.channel = c.channel)
  FROM event_cursor c WHERE channel = $1::text)";

// The bus repeats what it keeps (72 h), and the history is walked back over as long.
constexpr auto kTidyInbox =
    "DELETE FROM event_inbox WHERE received_at < clock_timestamp() - interval '7 days'";
constexpr auto kTidyHistory = R"(
  DELETE FROM event_cursor_history h WHERE at < clock_timestamp() - interval '4 days'
    OR id < (SELECT max(id) - 1000 FROM event_cursor_history n WHERE n.channel = h.channel))";

std::optional<std::string> bytes_or_null(const portico::Rows& rows, std::size_t column) {
  if (rows.null(0, column)) return std::nullopt;
  return rows.bytes(0, column);
}
std::optional<portico::Time> time_or_null(const portico::Rows& rows, std::size_t column) {
  if (rows.null(0, column)) return std::nullopt;
  return rows.time(0, column);
}
portico::Parameter bytes_parameter(std::string_view bytes) {
  return bytes.empty() ? portico::Parameter(nullptr) : portico::Parameter::bytes(bytes);
}

[[noreturn]] void not_leader(std::string_view channel) {
  throw portico::Problem(409, "crm.not_leader",
                         "another replica has taken " + std::string(channel) + " over");
}

}  // namespace

std::optional<Hold> Store::acquire(std::string_view channel) const {
  return database_.as_system(kReason, [&](portico::Transaction& t) -> std::optional<Hold> {
    t.run(kKnow, {channel});
    const auto rows = t.run(kAcquire, {channel, owner_, lease_.count()});
    if (rows.empty()) return std::nullopt;
    return Hold{rows.integer(0, 0), bytes_or_null(rows, 1), time_or_null(rows, 2), rows.boolean(0, 3)};
  });
}

bool Store::renew(std::string_view channel, std::int64_t epoch, bool connected) const {
  return database_.as_system(kReason, [&](portico::Transaction& t) {
    return t.run(kRenew, {channel, epoch, lease_.count(), connected}).affected() == 1;
  });
}

void Store::release(std::string_view channel, std::int64_t epoch) const {
  database_.as_system(kReason, [&](portico::Transaction& t) { t.run(kRelease, {channel, epoch}); });
}

Counts Store::commit(std::string_view channel, std::int64_t epoch, const std::vector<Taken>& events,
                     std::string_view replay_id) const {
  boost::json::array ids;
  std::optional<portico::Time> made_at;
  for (const auto& event : events) {
    ids.emplace_back(event.id);
    if (event.made_at) made_at = event.made_at;
  }
  const auto list = boost::json::serialize(ids);
  return database_.as_system(kReason, [&](portico::Transaction& t) {
    Counts counts;
    if (t.run(kMove, {channel, epoch, bytes_parameter(replay_id), lease_.count(), made_at}).affected() != 1)
      not_leader(channel);
    if (events.empty()) return counts;
    if (!replay_id.empty()) t.run(kRemember, {channel, bytes_parameter(replay_id)});
    const auto rows = t.run(kMark, {channel, list});
    std::set<std::string> fresh;
    for (std::size_t i = 0; i < rows.size(); ++i) fresh.insert(rows.text(i, 0));
    for (const auto& event : events) {
      if (fresh.erase(event.id) == 0) {
        ++counts.repeated;
      } else if (!event.poison.empty()) {
        ++counts.poison;
        t.run(kPoison, {channel, event.id, portico::Parameter::bytes(event.raw.replay_id),
                        event.raw.schema_id, portico::Parameter::bytes(event.raw.payload), event.poison});
      } else {
        ++counts.fresh;
        if (event.effect) event.effect(t);
      }
    }
    return counts;
  });
}

void Store::walk_back(
    std::string_view channel, std::int64_t epoch,
    const std::function<void(portico::Transaction&, std::optional<portico::Time>)>& missed) const {
  database_.as_system(kReason, [&](portico::Transaction& t) {
    const auto now = t.run(kFind, {channel, epoch});
    if (now.empty()) not_leader(channel);
    const auto refused = bytes_or_null(now, 0);
    if (!refused) return;  // it began at the start already
    const auto rows = t.run(kEarlier, {channel, bytes_parameter(*refused)});
    std::optional<std::string> earlier;
    auto since = time_or_null(now, 1);
    if (!rows.empty()) {
      earlier = rows.bytes(0, 1), since = rows.time(0, 2);
      t.run(kForgetFrom, {channel, rows.integer(0, 0)});
    }
    t.run(kBack, {channel, bytes_parameter(earlier.value_or("")), since, "place_lost"});
    missed(t, since);
  });
}

void Store::note_gap(std::string_view channel, std::int64_t epoch, std::optional<portico::Time> since,
                     const std::function<void(portico::Transaction&)>& missed) const {
  database_.as_system(kReason, [&](portico::Transaction& t) {
    if (t.run(kFind, {channel, epoch}).empty()) not_leader(channel);
    t.run(kBack, {channel, nullptr, since, "too_old"});
    missed(t);
  });
}

ChannelState Store::state(std::string_view channel) const {
  return database_.as_system(kReason, [&](portico::Transaction& t) {
    ChannelState state;
    state.channel = channel;
    const auto rows = t.run(kState, {channel});
    if (rows.empty()) return state;
    state.replay_id = bytes_or_null(rows, 0);
    state.connected = rows.boolean(0, 1), state.held = rows.boolean(0, 2);
    state.heard_at = time_or_null(rows, 3), state.event_at = time_or_null(rows, 4);
    if (!rows.null(0, 5)) state.lag_ms = rows.integer(0, 5);
    state.missed_since = time_or_null(rows, 6), state.missed_found_at = time_or_null(rows, 7);
    state.missed_reason = rows.text_or_null(0, 8);
    state.poison = rows.integer(0, 9);
    return state;
  });
}

void Store::tidy() const {
  database_.as_system(kReason, [&](portico::Transaction& t) {
    t.run(kTidyInbox);
    t.run(kTidyHistory);
  });
}

}  // namespace salesforce::events
