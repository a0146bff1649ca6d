// The statements on kernel.job, kernel.outbox and kernel.subscription.
#include "kernel/work/job_store.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <portico/contract.hpp>

#include "kernel/work/lease.hpp"

namespace kernel::work {

namespace json = boost::json;
using database::Value;
using portico::Problem;

namespace {

constexpr const char* kRole = "portico_kernel";
constexpr std::size_t kMostPayload = 64 * 1024;
constexpr std::size_t kMostKey = 200;

// How long what is over stays to be seen, and dedup keys with it.
constexpr const char* kKeepDone = "1 day";
constexpr const char* kKeepDead = "30 days";
constexpr const char* kKeepEvents = "7 days";
// A plugin that no host has run for so long is gone: its subscriptions and what waits for it are dropped.
constexpr const char* kForget = "30 days";

// Those of one key are put in line and taken out of it by one at a time, or one could be forgotten between
// the two.
constexpr const char* kLockKey = "SELECT pg_advisory_xact_lock(hashtextextended($1, 4))::text AS locked";
constexpr const char* kLive = "('waiting', 'available', 'running')";

Value text_or_null(const std::string& text) {
  return text.empty() ? Value(std::monostate()) : Value(text);
}

void check(const std::string& payload, const std::string& key, const std::string& dedup_key) {
  const auto refuse = [](const char* why) { throw Problem(422, "work.invalid", why); };
  if (payload.size() > kMostPayload) refuse("a payload has at most 64 KB: store it and send where it is");
  if (key.size() > kMostKey || dedup_key.size() > kMostKey) refuse("a key has at most 200 bytes");
  try {
    portico::parse_json(payload);
  } catch (const Problem&) {
    refuse("a payload is one JSON document");
  }
}

void lock_key(database::Transaction& transaction, JobKind kind, const std::string& queue,
              const std::string& key) {
  if (!key.empty())
    transaction.run_as(kRole, kLockKey, {Value(fmt::format("{}/{}/{}", to_string(kind), queue, key))});
}

/// "waiting" behind a live one of the same key, else "available".
std::string first_state(std::string_view kind, std::string_view owner, std::string_view queue,
                        std::string_view key) {
  return fmt::format(
      "CASE WHEN {3} IS NOT NULL AND EXISTS (SELECT 1 FROM kernel.job l WHERE l.kind = {0} AND l.owner = {1} AND "
      "l.queue = {2} AND l.key = {3} AND l.state IN {4}) THEN 'waiting' ELSE 'available' END",
      kind, owner, queue, key, kLive);
}

/// Ends `ending`, an UPDATE of kernel.job j, and lets the next of its key go.
std::string with_promotion(const std::string& ending) {
  return "WITH s AS (" + ending +
         " RETURNING j.kind, j.owner, j.queue, j.key, j.state, j.run_at), n AS (UPDATE kernel.job SET state = "
         "'available' WHERE id = (SELECT w.id FROM kernel.job w JOIN s ON w.kind = s.kind AND w.owner = s.owner AND "
         "w.queue = s.queue AND w.key = s.key WHERE w.state = 'waiting' AND s.state IN ('done', 'dead', 'cancelled') "
         "ORDER BY w.id LIMIT 1)) SELECT s.state, (extract(epoch FROM s.run_at - now()) * 1000)::bigint AS due_ms FROM s";
}

[[noreturn]] void lost() {
  throw Problem(409, "work.lease_lost", "the lease has ended; somebody else may have it");
}

[[noreturn]] void no_such_job() {
  throw Problem(404, "work.no_such_job", "no such job of this plugin, or it ended long ago");
}

double seconds(std::chrono::milliseconds ms) {
  return std::chrono::duration<double>(ms).count();
}

std::string wanted_json(const std::vector<Wanted>& wanted) {
  json::array out;
  for (const auto& w : wanted)
    out.push_back(json::object{{"kind", to_string(w.kind)},
                               {"owner", w.owner},
                               {"queue", w.queue},
                               {"lease", seconds(w.lease)},
                               {"most", w.most}});
  return json::serialize(out);
}

JobKind kind_of(const std::string& text) {
  return text == "queue" ? JobKind::queue : text == "event" ? JobKind::event : JobKind::schedule;
}

}  // namespace

std::string_view to_string(JobKind kind) {
  switch (kind) {
    case JobKind::queue:
      return "queue";
    case JobKind::event:
      return "event";
    case JobKind::schedule:
      return "schedule";
  }
  return "unknown";
}

database::Transaction JobStore::begin(const char* reason) const {
  return database_.begin({database::Scope::system, {}, reason, kRole},
                         std::chrono::steady_clock::now() + std::chrono::seconds(5));
}

std::int64_t JobStore::enqueue(database::Transaction& transaction, const NewJob& job) const {
  check(job.payload, job.key, job.dedup_key);
  lock_key(transaction, JobKind::queue, job.queue, job.key);
  static const std::string sql =
      "INSERT INTO kernel.job(kind, owner, queue, payload, dedup_key, key, priority, run_at, correlation_id, state) "
      "SELECT 'queue', $1, $2, $3::json, $4, $5, $6::int, coalesce($7::timestamptz, now()), $8, " +
      first_state("'queue'", "$1", "$2", "$5::text") +
      " ON CONFLICT (kind, owner, queue, dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING RETURNING id";
  const auto row = transaction.run_as(
      kRole, sql,
      {Value(job.owner), Value(job.queue), Value(job.payload), text_or_null(job.dedup_key),
       text_or_null(job.key), Value(std::int64_t{job.priority}),
       job.not_before ? Value(*job.not_before) : Value(std::monostate()), text_or_null(job.correlation_id)});
  return row.empty() ? 0 : row.get<std::int64_t>(0, "id");
}

void JobStore::publish(database::Transaction& transaction, const NewEvent& event) const {
  check(event.payload, event.key, event.dedup_key);
  lock_key(transaction, JobKind::event, event.topic, event.key);
  static const std::string sql =
      "WITH e AS (INSERT INTO kernel.outbox(publisher, topic, payload, key, dedup_key) VALUES ($1, $2, $3::json, $4, $5) "
      "ON CONFLICT (publisher, topic, dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING RETURNING id, topic, key) "
      "INSERT INTO kernel.job(kind, owner, queue, key, event, correlation_id, state) "
      "SELECT 'event', s.owner, e.topic, e.key, e.id, $6, " +
      first_state("'event'", "s.owner", "e.topic", "e.key") +
      " FROM e JOIN kernel.subscription s ON s.topic = e.topic";
  transaction.run_as(
      kRole, sql,
      {Value(event.publisher), Value(event.topic), Value(event.payload), text_or_null(event.key),
       text_or_null(event.dedup_key), text_or_null(event.correlation_id)});
}

void JobStore::complete(database::Transaction& transaction, const Claim& claim) const {
  lock_key(transaction, claim.kind, claim.queue, claim.key);
  static const std::string sql = with_promotion(
      "UPDATE kernel.job j SET state = 'done', lease_until = NULL, last_error = NULL, finished_at = now()" +
      held_sql(kJobTable));
  if (transaction.run_as(kRole, sql, {Value(claim.id), Value(claim.epoch)}).empty()) lost();
}

void JobStore::cancel(database::Transaction& transaction, const std::string& owner, std::int64_t id) const {
  const auto found = transaction.run_as(
      kRole,
      "SELECT queue, coalesce(key, '') AS key FROM kernel.job WHERE id = $1 AND owner = $2 AND kind = 'queue'",
      {Value(id), Value(owner)});
  if (found.empty()) no_such_job();
  lock_key(transaction, JobKind::queue, found.get<std::string>(0, "queue"), found.get<std::string>(0, "key"));
  static const std::string sql = with_promotion(
      "UPDATE kernel.job j SET cancel_requested = true, "
      "finished_at = CASE WHEN j.state = 'running' THEN NULL ELSE now() END, "
      "state = CASE WHEN j.state = 'running' THEN 'running' ELSE 'cancelled' END "
      "WHERE j.id = $1 AND j.state IN " +
      std::string(kLive));
  transaction.run_as(kRole, sql, {Value(id)});
}

std::string JobStore::look(const std::string& owner, std::int64_t id) const {
  auto t = begin("state of a job");
  const auto row = t.run(
      "SELECT state, attempt::bigint AS attempt, progress_done, progress_total, progress_note, "
      "coalesce(last_error, '') AS last_error FROM kernel.job WHERE id = $1 AND owner = $2 AND kind = 'queue'",
      {Value(id), Value(owner)});
  t.commit();
  if (row.empty()) no_such_job();
  return json::serialize(json::object{{"state", row.get<std::string>(0, "state")},
                                      {"attempt", row.get<std::int64_t>(0, "attempt")},
                                      {"done", row.get<std::int64_t>(0, "progress_done")},
                                      {"total", row.get<std::int64_t>(0, "progress_total")},
                                      {"note", row.get<std::string>(0, "progress_note")},
                                      {"last_error", row.get<std::string>(0, "last_error")}});
}

std::vector<DeadLetter> JobStore::dead_letters(int most) const {
  auto t = begin("dead letters");
  const auto rows = t.run(
      "SELECT id, attempt::bigint AS attempts, kind, owner, queue, coalesce(key, '') AS key, coalesce(last_error, '') "
      "AS error, to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS died_at FROM kernel.job "
      "WHERE state = 'dead' ORDER BY finished_at DESC, id DESC LIMIT $1",
      {Value(std::int64_t{most})});
  t.commit();
  std::vector<DeadLetter> out;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto text = [&](const char* name) { return rows.get<std::string>(i, name); };
    out.push_back({rows.get<std::int64_t>(i, "id"), rows.get<std::int64_t>(i, "attempts"), text("kind"),
                   text("owner"), text("queue"), text("key"), text("error"), text("died_at")});
  }
  return out;
}

void JobStore::revive(std::int64_t id) const {
  auto t = begin("a dead letter tried again");
  const auto found =
      t.run("SELECT kind, queue, coalesce(key, '') AS key FROM kernel.job WHERE id = $1 AND state = 'dead'",
            {Value(id)});
  if (found.empty()) no_such_job();
  lock_key(t, kind_of(found.get<std::string>(0, "kind")), found.get<std::string>(0, "queue"),
           found.get<std::string>(0, "key"));
  static const std::string sql =
      "UPDATE kernel.job j SET attempt = 0, run_at = now(), finished_at = NULL, state = " +
      first_state("j.kind", "j.owner", "j.queue", "j.key") + " WHERE j.id = $1 AND j.state = 'dead'";
  t.run(sql, {Value(id)});
  t.commit();
}

void JobStore::subscribe(const std::string& owner, const std::vector<std::string>& topics) const {
  if (topics.empty()) return;
  json::array list;
  for (const auto& topic : topics) list.emplace_back(topic);
  auto t = begin("subscriptions of a plugin");
  t.run(
      "INSERT INTO kernel.subscription(topic, owner) SELECT w.topic, $1 FROM json_array_elements_text($2::json) AS "
      "w(topic) ON CONFLICT (topic, owner) DO UPDATE SET seen_at = now()",
      {Value(owner), Value(json::serialize(list))});
  t.commit();
}

void JobStore::schedule(const std::string& owner, const std::string& task, const std::string& meaning,
                        database::Timestamp first) const {
  auto t = begin("a task that comes again");
  t.run(
      "INSERT INTO kernel.job(kind, owner, queue, payload, dedup_key, run_at) "
      "VALUES ('schedule', $1, $2, $3::json, '', $4::timestamptz) "
      "ON CONFLICT (kind, owner, queue, dedup_key) WHERE dedup_key IS NOT NULL DO UPDATE SET "
      "payload = EXCLUDED.payload, attempt = CASE WHEN job.state = 'running' THEN job.attempt ELSE 0 END, "
      "run_at = EXCLUDED.run_at WHERE job.payload::text <> EXCLUDED.payload::text",
      {Value(owner), Value(task), Value(meaning), Value(first)});
  t.commit();
}

void JobStore::forget(const std::string& owner) const {
  auto t = begin("a plugin was removed");
  t.run("DELETE FROM kernel.subscription WHERE owner = $1", {Value(owner)});
  t.run("DELETE FROM kernel.job WHERE owner = $1", {Value(owner)});
  t.commit();
}

std::vector<Claim> JobStore::claim(const std::string& claimer, const std::vector<Wanted>& wanted) const {
  static const std::string sql =
      claim_sql(
          kJobTable,
          "SELECT x.id, w.lease FROM json_to_recordset($2::json) AS w(kind text, owner text, queue text, lease "
          "float8, most int) CROSS JOIN LATERAL (SELECT r.id FROM kernel.job r WHERE r.kind = w.kind AND r.owner "
          "= w.owner AND r.queue = w.queue AND r.state = 'available' AND r.run_at <= now() ORDER BY r.priority, "
          "r.run_at, r.id LIMIT w.most FOR UPDATE SKIP LOCKED) x",
          "c.lease",
          "j.id, j.kind, j.owner, j.queue, j.key, j.payload, j.event, j.correlation_id, j.lease_epoch, "
          "j.attempt::bigint AS attempt, j.created_at, j.priority, j.run_at, c.lease") +
      " SELECT u.id, u.kind, u.owner, u.queue, coalesce(u.key, '') AS key, u.lease_epoch, u.attempt, u.lease, "
      "coalesce(u.correlation_id, '') AS correlation_id, u.created_at, u.run_at, "
      "coalesce(u.payload::text, o.payload::text, '') AS payload "
      "FROM u LEFT JOIN kernel.outbox o ON o.id = u.event ORDER BY u.priority, u.run_at, u.id";
  auto t = begin("claiming work");
  const auto rows = t.run(sql, {Value(claimer), Value(wanted_json(wanted))});
  t.commit();
  std::vector<Claim> out;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    Claim claim;
    claim.id = rows.get<std::int64_t>(i, "id");
    claim.epoch = rows.get<std::int64_t>(i, "lease_epoch");
    claim.attempt = rows.get<std::int64_t>(i, "attempt");
    claim.created_us = rows.get<database::Timestamp>(i, "created_at").us;
    claim.run_at_us = rows.get<database::Timestamp>(i, "run_at").us;
    claim.kind = kind_of(rows.get<std::string>(i, "kind"));
    claim.owner = rows.get<std::string>(i, "owner");
    claim.queue = rows.get<std::string>(i, "queue");
    claim.key = rows.get<std::string>(i, "key");
    claim.payload = rows.get<std::string>(i, "payload");
    claim.correlation_id = rows.get<std::string>(i, "correlation_id");
    claim.lease = std::chrono::milliseconds(static_cast<std::int64_t>(rows.get<double>(i, "lease") * 1000));
    out.push_back(std::move(claim));
  }
  return out;
}

std::int64_t JobStore::expire() const {
  static const std::string sql = expire_sql(kJobTable);
  auto t = begin("leases that ended");
  const auto n = t.run(sql).affected();
  t.commit();
  return n;
}

std::vector<JobStore::Held> JobStore::renew(const std::vector<const Claim*>& claims) const {
  json::array list;
  for (const auto* claim : claims)
    list.push_back(
        json::object{{"id", claim->id}, {"epoch", claim->epoch}, {"lease", seconds(claim->lease)}});
  auto t = begin("renewing leases");
  const auto rows = t.run(
      "UPDATE kernel.job j SET lease_until = now() + make_interval(secs => r.lease) FROM json_to_recordset($1::json) "
      "AS r(id bigint, epoch bigint, lease float8) WHERE j.id = r.id AND j.lease_epoch = r.epoch AND j.state = "
      "'running' RETURNING j.id, j.cancel_requested",
      {Value(json::serialize(list))});
  t.commit();
  std::vector<Held> out;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    out.push_back({rows.get<std::int64_t>(i, "id"), rows.get<bool>(i, "cancel_requested")});
  return out;
}

std::optional<std::chrono::milliseconds> JobStore::settle(const Claim& claim, const Ending& ending) const {
  static const std::string sql = with_promotion(
      "UPDATE kernel.job j SET lease_until = NULL, last_error = $4, "
      "state = CASE WHEN $3 = 'retry' AND j.cancel_requested THEN 'cancelled' WHEN $3 IN ('retry', 'again') THEN "
      "'available' ELSE $3 END, "
      "finished_at = CASE WHEN $3 IN ('done', 'dead') OR ($3 = 'retry' AND j.cancel_requested) THEN now() END, "
      "attempt = CASE WHEN $3 = 'again' THEN 0 ELSE j.attempt END, "
      "run_at = CASE $3 WHEN 'retry' THEN least(greatest(" +
      backoff_sql("$5::float8", "j.attempt", "$6::float8") +
      ", now() + make_interval(secs => $7::float8)), $9::timestamptz) "
      "WHEN 'again' THEN coalesce($9::timestamptz, now() + make_interval(secs => $8::float8)) ELSE j.run_at END" +
      held_sql(kJobTable));
  static constexpr const char* kWords[] = {"done", "retry", "dead", "again"};
  auto t = begin("work that ended");
  lock_key(t, claim.kind, claim.queue, claim.key);
  const auto row =
      t.run(sql, {Value(claim.id), Value(claim.epoch), Value(std::string(kWords[ending.kind])),
                  text_or_null(storable(ending.error, 500)), Value(seconds(ending.base)),
                  Value(seconds(ending.most)), Value(seconds(ending.at_least)), Value(seconds(ending.pause)),
                  ending.until ? Value(*ending.until) : Value(std::monostate())});
  t.commit();
  if (row.empty()) lost();
  if (row.get<std::string>(0, "state") != "available") return std::nullopt;
  return std::chrono::milliseconds(row.get<std::int64_t>(0, "due_ms"));
}

void JobStore::give_back(const Claim& claim) const {
  static const std::string sql = give_back_sql(kJobTable);
  auto t = begin("work that was not begun");
  t.run(sql, {Value(claim.id), Value(claim.epoch)});
  t.commit();
}

bool JobStore::progress(const Claim& claim, std::int64_t done, std::int64_t total, std::string note) const {
  static const std::string sql =
      "UPDATE kernel.job j SET progress_done = $3, progress_total = $4, progress_note = $5" +
      held_sql(kJobTable);
  auto t = begin("progress of a job");
  const auto n =
      t.run(sql, {Value(claim.id), Value(claim.epoch), Value(done), Value(total), Value(storable(note, 200))})
          .affected();
  t.commit();
  return n == 1;
}

std::vector<Depth> JobStore::depths(const std::vector<Wanted>& queues) const {
  auto t = begin("depth of queues");
  const auto rows = t.run(
      "SELECT w.kind, w.owner, w.queue, "
      "count(*) FILTER (WHERE j.state = 'available' AND j.run_at <= now()) AS ready, "
      "count(*) FILTER (WHERE j.state = 'waiting' OR (j.state = 'available' AND j.run_at > now())) AS waiting, "
      "count(*) FILTER (WHERE j.state = 'running') AS running, count(*) FILTER (WHERE j.state = 'dead') AS dead, "
      "coalesce(extract(epoch FROM now() - min(j.run_at) FILTER (WHERE j.state = 'available' AND j.run_at <= now())), "
      "0)::float8 AS oldest FROM json_to_recordset($1::json) AS w(kind text, owner text, queue text) "
      "LEFT JOIN kernel.job j ON j.kind = w.kind AND j.owner = w.owner AND j.queue = w.queue AND "
      "j.state IN ('waiting', 'available', 'running', 'dead') GROUP BY w.kind, w.owner, w.queue",
      {Value(wanted_json(queues))});
  t.commit();
  std::vector<Depth> out;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto n = [&](const char* name) { return rows.get<std::int64_t>(i, name); };
    out.push_back({kind_of(rows.get<std::string>(i, "kind")), rows.get<std::string>(i, "owner"),
                   rows.get<std::string>(i, "queue"), n("ready"), n("waiting"), n("running"), n("dead"),
                   rows.get<double>(i, "oldest")});
  }
  return out;
}

void JobStore::clean() const {
  auto t = begin("work that is kept no longer");
  if (!t.run("SELECT pg_try_advisory_xact_lock(hashtextextended('kernel.work.clean', 4)) AS mine")
           .get<bool>(0, "mine"))
    return;
  // In this order: deliveries go before the event whose payload they need.
  for (const auto& sql :
       {fmt::format(
            "DELETE FROM kernel.job WHERE id IN (SELECT id FROM kernel.job WHERE finished_at < now() - CASE "
            "state WHEN 'dead' THEN interval '{}' ELSE interval '{}' END LIMIT 5000)",
            kKeepDead, kKeepDone),
        fmt::format(
            "WITH gone AS (DELETE FROM kernel.subscription WHERE seen_at < now() - interval '{}' RETURNING "
            "topic, owner) DELETE FROM kernel.job j USING gone WHERE j.kind = 'event' AND j.owner = "
            "gone.owner AND j.queue = gone.topic",
            kForget),
        fmt::format(
            "DELETE FROM kernel.job WHERE kind = 'schedule' AND state = 'available' AND run_at < now() - "
            "interval '{}'",
            kForget),
        fmt::format(
            "DELETE FROM kernel.outbox WHERE id IN (SELECT o.id FROM kernel.outbox o WHERE o.created_at < "
            "now() - interval '{}' AND NOT EXISTS (SELECT 1 FROM kernel.job j WHERE j.event = o.id) LIMIT "
            "5000)",
            kKeepEvents)})
    t.run(sql);
  t.commit();
}

}  // namespace kernel::work
