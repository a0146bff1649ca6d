// The statements. Rows are locked first and read afterwards: a statement that waited for a lock sees its own
// row as it is now, but what it reads beside that as it was.
#include "kernel/work/workflow_store.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace kernel::work::store {

namespace json = boost::json;
using database::Value;
using portico::Problem;

namespace {

constexpr const char* kRole = "portico_kernel";

template <class Enum>
std::string name(Enum value) {
  return boost::describe::enum_to_string(value, "");
}
template <class Enum>
Enum enum_of(std::string_view text) {
  Enum out{};
  if (!boost::describe::enum_from_string(std::string(text).c_str(), out))
    throw Problem(500, "internal", "a workflow row says " + std::string(text));
  return out;
}

Value or_null(const std::string& text) {
  return text.empty() ? Value(std::monostate()) : Value(text);
}
json::value parsed_or_null(const std::string& text) {
  return text.empty() ? json::value() : json::parse(text);
}
std::string text_or_empty(const database::Result& rows, std::size_t row, std::string_view column) {
  const auto& cell = rows.at(row, column);
  return database::is_null(cell) ? std::string() : std::get<std::string>(cell);
}

std::string list_of(const std::vector<std::string>& ids) {
  json::array list;
  for (const auto& id : ids) list.emplace_back(id);
  return json::serialize(list);
}

std::string list_of(const std::vector<Offer>& offers) {
  json::array list;
  for (const auto& offer : offers)
    list.push_back(json::object{{"plugin", offer.plugin},
                                {"kind", offer.kind},
                                {"revision", offer.revision},
                                {"shape", offer.shape}});
  return json::serialize(list);
}

constexpr const char* kOffered =
    "EXISTS (SELECT FROM jsonb_to_recordset($1::jsonb) AS o(plugin text, kind text, revision int, shape text) "
    "WHERE o.plugin = w.plugin AND o.kind = w.kind AND o.revision = w.revision AND o.shape = w.shape)";

double seconds(std::chrono::milliseconds ms) {
  return std::chrono::duration<double>(ms).count();
}

std::string changed_steps(const Progress& progress) {
  json::array list;
  for (std::size_t i = 0; i < progress.steps.size(); ++i) {
    const auto& step = progress.steps[i];
    if (!step.changed) continue;
    json::object row{{"position", i},
                     {"state", name(step.state)},
                     {"tries", step.tries},
                     {"begun", step.begun},
                     {"signal", parsed_or_null(step.signal)},
                     {"output", parsed_or_null(step.output)}};
    if (step.undo) row["undo"] = name(*step.undo);
    list.push_back(std::move(row));
  }
  return json::serialize(list);
}

std::string new_lines(const Progress& progress) {
  json::array list;
  for (const auto& line : progress.timeline) {
    json::object row{{"event", line.event}};
    if (line.position) row["position"] = *line.position;
    if (!line.code.empty()) row["code"] = line.code;
    list.push_back(std::move(row));
  }
  return json::serialize(list);
}

/// A waiting step whose signal is there already has its turn.
void wake(database::Transaction& tx, const std::string& id) {
  tx.run_as(
      kRole,
      "UPDATE kernel.workflow w SET due_at = clock_timestamp() WHERE id = $1::uuid AND state = 'waiting' "
      "AND EXISTS (SELECT FROM kernel.workflow_signal s WHERE s.workflow = w.id AND s.taken_by IS NULL "
      "AND s.name = w.plan->'steps'->(w.position::int)->>'signal')",
      {Value(id)});
}

}  // namespace

std::string start(database::Transaction& tx, const NewInstance& what) {
  const auto& spec = *what.spec;
  Progress progress;
  progress.plan = spec.plan;
  progress.begin();
  const bool never = !progress.due;
  const auto plan = portico::encode_text(spec.plan);
  const auto made = tx.run_as(
      kRole,
      "INSERT INTO kernel.workflow(plugin, kind, revision, shape, plan, user_id, key, input, state, act, due_at) "
      "VALUES ($1, $2, $3, $4, $5::jsonb, $6::uuid, $7, $8::jsonb, $9, $10, CASE WHEN $11 THEN 'infinity' ELSE "
      "clock_timestamp() + make_interval(secs => $12) END) ON CONFLICT (plugin, kind, key) DO NOTHING RETURNING id",
      {Value(what.plugin), Value(spec.kind), Value(spec.revision), Value(spec.shape), Value(plan),
       or_null(what.user_id), Value(what.key), Value(what.input), Value(name(progress.state)),
       Value(name(progress.act)), Value(never), Value(never ? 0.0 : seconds(*progress.due))});
  if (made.empty()) {
    // The other transaction has committed by now, or the insert would have waited for it.
    const auto first = tx.run_as(
        kRole,
        "SELECT id, input = $4::jsonb AND user_id IS NOT DISTINCT FROM $5::uuid AS same FROM kernel.workflow "
        "WHERE plugin = $1 AND kind = $2 AND key = $3",
        {Value(what.plugin), Value(spec.kind), Value(what.key), Value(what.input), or_null(what.user_id)});
    if (first.empty() || !first.get<bool>(0, "same"))
      throw Problem(409, "workflows.key_reused", spec.kind + " was started with this key for something else");
    return first.get<std::string>(0, "id");
  }
  const auto id = made.get<std::string>(0, "id");
  tx.run_as(kRole,
            "WITH s AS (INSERT INTO kernel.workflow_step(workflow, position, state, epoch) SELECT $1::uuid, "
            "x.position, x.state, 0 FROM jsonb_to_recordset($2::jsonb) AS x(position smallint, state text)) "
            "INSERT INTO kernel.workflow_timeline(workflow, position, event) SELECT $1::uuid, x.position, "
            "x.event FROM jsonb_to_recordset($3::jsonb) AS x(position smallint, event text)",
            {Value(id), Value([&] {
               json::array all;
               for (std::size_t i = 0; i < progress.steps.size(); ++i)
                 all.push_back(json::object{{"position", i}, {"state", name(progress.steps[i].state)}});
               return json::serialize(all);
             }()),
             Value(new_lines(progress))});
  return id;
}

std::vector<std::string> lock_due(database::Transaction& tx, const std::vector<Offer>& offers,
                                  std::int64_t most) {
  static const std::string sql = fmt::format(
      "SELECT id FROM kernel.workflow w WHERE state IN ('ready', 'running', 'waiting') AND due_at <= "
      "clock_timestamp() AND {} ORDER BY due_at, number LIMIT $2 FOR UPDATE SKIP LOCKED",
      kOffered);
  const auto rows = tx.run_as(kRole, sql, {Value(list_of(offers)), Value(most)});
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < rows.rows(); ++i) ids.push_back(rows.get<std::string>(i, "id"));
  return ids;
}

bool lock(database::Transaction& tx, const std::string& id, const std::string& plugin) {
  return tx.run_as(
               kRole,
               "SELECT 1 AS one FROM kernel.workflow WHERE id = $1::uuid AND ($2 = '' OR plugin = $2) FOR "
               "UPDATE",
               {Value(id), Value(plugin)})
             .rows() == 1;
}

bool lock_held(database::Transaction& tx, const std::string& id, std::int64_t epoch) {
  return tx.run_as(
               kRole,
               "SELECT 1 AS one FROM kernel.workflow WHERE id = $1::uuid AND lease_epoch = $2 AND state = "
               "'running' FOR UPDATE",
               {Value(id), Value(epoch)})
             .rows() == 1;
}

std::vector<Progress> load(database::Transaction& tx, const std::vector<std::string>& ids) {
  const auto rows = tx.run_as(
      kRole,
      "SELECT id, plugin, kind, revision, shape, plan, user_id, input, state, direction, position, act, tries, "
      "looks, cancel_wanted, unsure, code, lease_epoch FROM kernel.workflow WHERE id IN (SELECT x::uuid FROM "
      "jsonb_array_elements_text($1::jsonb) x) ORDER BY due_at, number",
      {Value(list_of(ids))});
  std::vector<Progress> all;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    Progress p;
    p.id = rows.get<std::string>(i, "id");
    p.plugin = rows.get<std::string>(i, "plugin");
    p.kind = rows.get<std::string>(i, "kind");
    p.revision = rows.get<std::int64_t>(i, "revision");
    p.shape = rows.get<std::string>(i, "shape");
    p.plan = portico::decode_text<loader::WorkflowPlan>(rows.get<std::string>(i, "plan"),
                                                        portico::Unknown::ignore);
    p.user_id = text_or_empty(rows, i, "user_id");
    p.input = rows.get<std::string>(i, "input");
    p.state = enum_of<WorkflowState>(rows.get<std::string>(i, "state"));
    p.direction = enum_of<Direction>(rows.get<std::string>(i, "direction"));
    p.position = static_cast<std::size_t>(rows.get<std::int64_t>(i, "position"));
    p.act = enum_of<StepState>(rows.get<std::string>(i, "act"));
    p.tries = rows.get<std::int64_t>(i, "tries");
    p.looks = rows.get<std::int64_t>(i, "looks");
    p.cancel_wanted = rows.get<bool>(i, "cancel_wanted");
    p.unsure = rows.get<bool>(i, "unsure");
    p.code = text_or_empty(rows, i, "code");
    p.epoch = rows.get<std::int64_t>(i, "lease_epoch");
    p.steps.resize(p.plan.steps.size());
    all.push_back(std::move(p));
  }
  const auto steps = tx.run_as(
      kRole,
      "SELECT workflow, position, state, undo, marker, signal, output, tries, started_at IS NOT NULL AS begun "
      "FROM kernel.workflow_step WHERE workflow IN (SELECT x::uuid FROM jsonb_array_elements_text($1::jsonb) x)",
      {Value(list_of(ids))});
  for (std::size_t i = 0; i < steps.rows(); ++i) {
    const auto& id = steps.get<std::string>(i, "workflow");
    const auto it = std::find_if(all.begin(), all.end(), [&](const Progress& p) { return p.id == id; });
    const auto position = static_cast<std::size_t>(steps.get<std::int64_t>(i, "position"));
    if (it == all.end() || position >= it->steps.size()) continue;
    auto& step = it->steps[position];
    step.state = enum_of<StepState>(steps.get<std::string>(i, "state"));
    if (const auto undo = text_or_empty(steps, i, "undo"); !undo.empty())
      step.undo = enum_of<StepState>(undo);
    step.marker = steps.get<std::string>(i, "marker");
    step.signal = text_or_empty(steps, i, "signal");
    step.output = text_or_empty(steps, i, "output");
    step.tries = steps.get<std::int64_t>(i, "tries");
    step.begun = steps.get<bool>(i, "begun");
  }
  return all;
}

void save(database::Transaction& tx, Progress& p, const std::string& actor, const std::string& owner,
          std::chrono::milliseconds lease) {
  const bool claimed = !owner.empty();
  const bool never = !claimed && p.due_set && !p.due;
  const double due = claimed ? seconds(lease) : p.due_set && p.due ? seconds(*p.due) : 0;
  const auto saved = tx.run_as(
      kRole,
      "WITH w AS (UPDATE kernel.workflow SET state = $2, direction = $3, position = $4::int, act = $5, tries = "
      "$6::int, looks = $7::int, cancel_wanted = $8, unsure = $17, code = $9, due_at = CASE WHEN NOT $10 THEN due_at WHEN $11 "
      "THEN 'infinity' ELSE clock_timestamp() + make_interval(secs => $12) END, lease_owner = CASE WHEN $2 = 'running' THEN coalesce($13, lease_owner) END, lease_epoch = "
      "lease_epoch + CASE WHEN $13::text IS NULL THEN 0 ELSE 1 END, updated_at = now(), finished_at = CASE WHEN "
      "$2 IN ('done', 'undone', 'failed') THEN now() END WHERE id = $1::uuid RETURNING id, lease_epoch), "
      "s AS (UPDATE kernel.workflow_step t SET state = x.state, undo = x.undo, tries = x.tries, epoch = "
      "w.lease_epoch, signal = x.signal, output = x.output, started_at = CASE WHEN x.begun THEN "
      "coalesce(t.started_at, clock_timestamp()) END, finished_at = CASE WHEN x.state IN ('done', 'skipped', "
      "'failed') THEN coalesce(t.finished_at, clock_timestamp()) END FROM w, jsonb_to_recordset($14::jsonb) AS "
      "x(position smallint, state text, undo text, tries int, begun bool, signal jsonb, output jsonb) "
      "WHERE t.workflow = w.id AND t.position = x.position), "
      "l AS (INSERT INTO kernel.workflow_timeline(workflow, position, event, code, actor) SELECT w.id, "
      "x.position, x.event, x.code, $16::uuid FROM w, jsonb_to_recordset($15::jsonb) AS x(position smallint, "
      "event text, code text)) SELECT lease_epoch FROM w",
      {Value(p.id), Value(name(claimed ? WorkflowState::running : p.state)), Value(name(p.direction)),
       Value(static_cast<std::int64_t>(p.position)), Value(name(p.act)), Value(p.tries), Value(p.looks),
       Value(p.cancel_wanted), or_null(p.code), Value(claimed || p.due_set), Value(never), Value(due),
       or_null(owner), Value(changed_steps(p)), Value(new_lines(p)), or_null(actor), Value(p.unsure)});
  if (saved.empty()) throw Problem(500, "internal", "workflow " + p.id + " has gone");
  p.epoch = saved.get<std::int64_t>(0, "lease_epoch");
  p.timeline.clear();
  for (auto& step : p.steps) step.changed = false;
  if (p.state == WorkflowState::waiting) wake(tx, p.id);
}

std::optional<std::string> take_signal(database::Transaction& tx, const Progress& p) {
  const auto& step = p.plan_step();
  if (!step.signal) return std::nullopt;
  const auto rows = tx.run_as(
      kRole,
      "UPDATE kernel.workflow_signal SET taken_by = $3::int WHERE id = (SELECT min(id) FROM "
      "kernel.workflow_signal WHERE workflow = $1::uuid AND name = $2 AND taken_by IS NULL) RETURNING payload",
      {Value(p.id), Value(*step.signal), Value(static_cast<std::int64_t>(p.position))});
  if (rows.empty()) return std::nullopt;
  return rows.get<std::string>(0, "payload");
}

void add_signal(database::Transaction& tx, const std::string& id, const std::string& signal,
                const std::string& key, const std::string& payload) {
  const auto state = tx.run_as(kRole, "SELECT state FROM kernel.workflow WHERE id = $1::uuid", {Value(id)});
  const auto now = enum_of<WorkflowState>(state.get<std::string>(0, "state"));
  if (now == WorkflowState::done || now == WorkflowState::undone || now == WorkflowState::failed)
    throw Problem(409, "workflows.ended", id);
  tx.run_as(kRole,
            "INSERT INTO kernel.workflow_signal(workflow, name, key, payload) VALUES ($1::uuid, $2, $3, "
            "$4::jsonb) ON CONFLICT (workflow, name, key) DO NOTHING",
            {Value(id), Value(signal), or_null(key), Value(payload)});
  wake(tx, id);
}

void renew(database::Transaction& tx, const std::vector<Held>& held, std::chrono::milliseconds lease) {
  json::array list;
  for (const auto& one : held) list.push_back(json::object{{"id", one.id}, {"epoch", one.epoch}});
  tx.run_as(kRole,
            "UPDATE kernel.workflow w SET due_at = clock_timestamp() + make_interval(secs => $2) FROM "
            "jsonb_to_recordset($1::jsonb) AS x(id uuid, epoch bigint) WHERE w.id = x.id AND w.lease_epoch = "
            "x.epoch AND w.state = 'running'",
            {Value(json::serialize(list)), Value(seconds(lease))});
}

std::vector<Count> count(database::Transaction& tx, const std::vector<Offer>& offers) {
  static const std::string sql = fmt::format(
      "SELECT CASE WHEN state <> 'attention' AND NOT {} THEN 'code' ELSE state END AS state, count(*) AS "
      "count, extract(epoch FROM now() - min(updated_at))::float8 AS oldest FROM kernel.workflow w WHERE "
      "state IN ('ready', 'running', 'waiting', 'attention') GROUP BY 1",
      kOffered);
  const auto rows = tx.run_as(kRole, sql, {Value(list_of(offers))});
  std::vector<Count> out;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    out.push_back({rows.get<std::string>(i, "state"), rows.get<std::int64_t>(i, "count"),
                   rows.get<double>(i, "oldest")});
  return out;
}

}  // namespace kernel::work::store
