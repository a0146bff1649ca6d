// Reads instances for people, and carries out what staff decide.
#include "kernel/work/workflow_view.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace kernel::work {

namespace json = boost::json;
using database::Value;
using portico::Problem;
using portico::Titled;

namespace {

constexpr const char* kRole = "portico_kernel";

/// RFC 3339, to the millisecond.
std::string utc(std::string_view column) {
  return fmt::format("to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')", column);
}

/// What fill() and read() need, from kernel.workflow w.
const std::string& row_columns() {
  static const std::string columns = fmt::format(
      "SELECT id, number, plugin, kind, revision, shape, plan, user_id, state, direction, position, act, tries, "
      "cancel_wanted, unsure, code, input, {} AS created_at, {} AS updated_at, {} AS finished_at, "
      "CASE WHEN state IN ('ready', 'waiting') AND due_at < 'infinity' THEN {} END AS due_at, "
      "(SELECT coalesce(jsonb_agg(jsonb_build_object('position', s.position, 'state', s.state, 'undo', s.undo, "
      "'tries', s.tries, 'output', s.output, 'started_at', {}, 'finished_at', {})), '[]') "
      "FROM kernel.workflow_step s WHERE s.workflow = w.id) AS steps FROM kernel.workflow w ",
      utc("created_at"), utc("updated_at"), utc("finished_at"), utc("due_at"), utc("s.started_at"),
      utc("s.finished_at"));
  return columns;
}

std::optional<std::string> optional_text(const database::Result& rows, std::size_t i,
                                         std::string_view column) {
  const auto& cell = rows.at(i, column);
  if (database::is_null(cell)) return std::nullopt;
  return std::get<std::string>(cell);
}

template <class Enum>
Enum enum_of(const std::string& text) {
  Enum out{};
  if (!boost::describe::enum_from_string(text.c_str(), out)) throw Problem(500, "internal", "says " + text);
  return out;
}

/// One row of kRow as the rules know it; enough of it to ask them.
struct Seen {
  Progress progress;
  json::array steps;
};

Seen read(const database::Result& rows, std::size_t i) {
  Seen seen;
  auto& p = seen.progress;
  p.id = rows.get<std::string>(i, "id");
  p.plugin = rows.get<std::string>(i, "plugin");
  p.kind = rows.get<std::string>(i, "kind");
  p.revision = rows.get<std::int64_t>(i, "revision");
  p.shape = rows.get<std::string>(i, "shape");
  p.plan = portico::decode<loader::WorkflowPlan>(json::parse(rows.get<std::string>(i, "plan")),
                                                 portico::Unknown::ignore);
  p.state = enum_of<WorkflowState>(rows.get<std::string>(i, "state"));
  p.direction = enum_of<Direction>(rows.get<std::string>(i, "direction"));
  p.position = static_cast<std::size_t>(rows.get<std::int64_t>(i, "position"));
  p.act = enum_of<StepState>(rows.get<std::string>(i, "act"));
  p.tries = rows.get<std::int64_t>(i, "tries");
  p.cancel_wanted = rows.get<bool>(i, "cancel_wanted");
  p.unsure = rows.get<bool>(i, "unsure");
  p.steps.resize(p.plan.steps.size());
  seen.steps = json::parse(rows.get<std::string>(i, "steps")).as_array();
  for (const auto& step : seen.steps)
    if (const auto at = step.at("position").as_int64(); static_cast<std::size_t>(at) < p.steps.size())
      p.steps[static_cast<std::size_t>(at)].state =
          enum_of<StepState>(std::string(step.at("state").as_string()));
  return seen;
}

portico::WorkflowHolder holder_of(const Progress& p, bool code_is_here) {
  using portico::HolderKind;
  if (p.ended()) return {HolderKind::nobody, {"Nobody", "なし"}};
  if (p.state == WorkflowState::attention) return {HolderKind::staff, {"Our staff", "担当者"}};
  if (!code_is_here) return {HolderKind::code, {"Waiting for an update of the portal", "ポータルの更新待ち"}};
  const auto& step = p.plan_step();
  const auto named = [&](Titled fallback) { return step.holder.value_or(std::move(fallback)); };
  if (p.state != WorkflowState::waiting) return {HolderKind::portal, named({"The portal", "ポータル"})};
  if (step.signal) return {HolderKind::signal, named({"Waiting for an answer", "回答待ち"})};
  return {HolderKind::time, named({"Waiting for its time", "予定の時刻待ち"})};
}

void fill(portico::Workflow& out, const database::Result& rows, std::size_t i, const Progress& p,
          const Offers& offers) {
  out.id = p.id;
  out.plugin = p.plugin;
  out.kind = p.kind;
  out.revision = p.revision;
  out.number = rows.get<std::int64_t>(i, "number");
  out.title = p.plan.title;
  out.state = p.state;
  out.undoing = p.direction == Direction::back && !p.ended();
  if (!p.ended()) {
    out.step = p.plan_step().name;
    out.step_title = p.plan_step().title;
  }
  out.holder = holder_of(p, p.ended() || offers({p.plugin, p.kind, p.revision, p.shape}));
  out.tries = p.tries;
  if (const auto* action = p.action(); action && !p.ended()) out.tries_most = action->attempts;
  out.next_try = optional_text(rows, i, "due_at");
  out.can_cancel = p.can_cancel() && !p.cancel_wanted;
  for (const auto& step : p.plan.steps)
    if (step.no_return && !out.cancel_until) out.cancel_until = step.title;
  out.code = optional_text(rows, i, "code");
  out.user_id = optional_text(rows, i, "user_id");
  out.created_at = rows.get<std::string>(i, "created_at");
  out.updated_at = rows.get<std::string>(i, "updated_at");
  out.finished_at = optional_text(rows, i, "finished_at");
}

std::optional<std::string> member_text(const json::value& object, const char* key) {
  const auto& value = object.at(key);
  return value.is_string() ? std::optional(std::string(value.get_string())) : std::nullopt;
}

void fill_steps(portico::WorkflowDetails& out, const Seen& seen, Eyes eyes) {
  for (const auto& plan : seen.progress.plan.steps) {
    portico::WorkflowStepState step;
    step.name = plan.name;
    step.title = plan.title;
    out.steps.push_back(std::move(step));
  }
  for (const auto& row : seen.steps) {
    const auto at = static_cast<std::size_t>(row.at("position").as_int64());
    if (at >= out.steps.size()) continue;
    auto& step = out.steps[at];
    step.state = enum_of<StepState>(std::string(row.at("state").as_string()));
    if (const auto undo = member_text(row, "undo")) step.undo = enum_of<StepState>(*undo);
    step.tries = row.at("tries").as_int64();
    step.started_at = member_text(row, "started_at");
    step.finished_at = member_text(row, "finished_at");
    if (eyes == Eyes::staff && !row.at("output").is_null()) step.output = row.at("output");
  }
}

}  // namespace

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-') || (!dash && !std::isxdigit(static_cast<unsigned char>(text[i]))))
      return false;
  }
  return true;
}

portico::WorkflowList list_workflows(database::Transaction& tx, const WorkflowFilter& filter,
                                     const Offers& offers) {
  static const std::string sql =
      row_columns() +
      "WHERE ($1 = '' OR plugin = $1) AND ($2 = '' OR kind = $2) AND ($3 = '' OR user_id = nullif($3, '')::uuid) "
      "AND ($4 = '' OR state = $4) AND number < $5 ORDER BY number DESC LIMIT $6";
  if (!filter.user_id.empty() && !is_uuid(filter.user_id)) return {};
  const auto limit = std::clamp<std::int64_t>(filter.limit, 1, kMostListed);
  const auto rows =
      tx.run_as(kRole, sql,
                {Value(filter.plugin), Value(filter.kind), Value(filter.user_id),
                 Value(std::string(filter.state ? boost::describe::enum_to_string(*filter.state, "") : "")),
                 Value(filter.before.value_or(std::numeric_limits<std::int64_t>::max())), Value(limit)});
  portico::WorkflowList out;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    fill(out.items.emplace_back(), rows, i, read(rows, i).progress, offers);
  if (static_cast<std::int64_t>(rows.rows()) == limit) out.before = out.items.back().number;
  return out;
}

portico::WorkflowDetails show_workflow(database::Transaction& tx, const std::string& id, Eyes eyes,
                                       const Offers& offers) {
  static const std::string sql = row_columns() + "WHERE id = $1::uuid";
  if (!is_uuid(id)) throw Problem(404, "workflows.not_found", id);
  const auto rows = tx.run_as(kRole, sql, {Value(id)});
  if (rows.empty()) throw Problem(404, "workflows.not_found", id);
  const auto seen = read(rows, 0);
  portico::WorkflowDetails out;
  fill(out, rows, 0, seen.progress, offers);
  fill_steps(out, seen, eyes);
  if (eyes == Eyes::staff)
    out.input = json::parse(rows.get<std::string>(0, "input"));
  else
    out.user_id.reset();
  static const std::string lines_sql = fmt::format(
      "SELECT {} AS at, position, event, code, actor IS NOT NULL AS by_person FROM "
      "kernel.workflow_timeline WHERE workflow = $1::uuid ORDER BY id",
      utc("at"));
  const auto lines = tx.run_as(kRole, lines_sql, {Value(id)});
  for (std::size_t i = 0; i < lines.rows(); ++i) {
    portico::WorkflowEvent event;
    event.at = lines.get<std::string>(i, "at");
    event.event = lines.get<std::string>(i, "event");
    const portico::Titled* title = nullptr;
    if (!database::is_null(lines.at(i, "position"))) {
      const auto& step = out.steps.at(static_cast<std::size_t>(lines.get<std::int64_t>(i, "position")));
      event.step = step.name;
      title = &step.title;
    }
    event.code = optional_text(lines, i, "code");
    event.text = timeline_text(event.event, title);
    event.by_person = lines.get<bool>(i, "by_person");
    out.timeline.push_back(std::move(event));
  }
  return out;
}

void act_on_workflow(database::Transaction& tx, const std::string& id, StaffAction action,
                     const std::string& output, const std::string& actor, double spread) {
  if (!is_uuid(id) || !store::lock(tx, id)) throw Problem(404, "workflows.not_found", id);
  auto now = store::load_one(tx, id);
  if (now.ended()) throw Problem(409, "workflows.ended", id);
  if (action == StaffAction::cancel) {
    now.want_cancel();
  } else {
    if (now.state != WorkflowState::attention) throw Problem(409, "workflows.not_asking", id);
    EventDetails details;
    details.by_person = true;
    details.output = output;
    now.happen(action == StaffAction::retry  ? ActEvent::retry
               : action == StaffAction::skip ? ActEvent::skip
                                             : ActEvent::fail,
               details, spread);
  }
  store::save(tx, now, actor);
}

void cancel_workflow(database::Transaction& tx, const std::string& id, const std::string& plugin) {
  if (!is_uuid(id) || !store::lock(tx, id, plugin)) throw Problem(404, "workflows.not_found", id);
  auto now = store::load_one(tx, id);
  now.want_cancel();
  store::save(tx, now);
}

}  // namespace kernel::work
