// Lists, shows and decides workflows over HTTP.
#include "kernel/commands/workflow_routes.hpp"

#include <charconv>
#include <portico/contract.hpp>

#include "kernel/extensions/audit.hpp"
#include "kernel/policy/call.hpp"
#include "kernel/work/workflow_view.hpp"

namespace kernel::commands {

namespace json = boost::json;
using portico::Problem;

/// What a person of the staff decides. output: with skip, what the step counts as having given.
struct WorkflowDecision {
  work::StaffAction action = work::StaffAction::retry;
  std::optional<json::value> output;
  std::optional<std::string> note;  // for the audit trail
};
BOOST_DESCRIBE_STRUCT(WorkflowDecision, (), (action, output, note))

}  // namespace kernel::commands

template <>
struct portico::Rules<kernel::commands::WorkflowDecision> {
  static void apply(portico::RuleSet<kernel::commands::WorkflowDecision>& rule) {
    rule(&kernel::commands::WorkflowDecision::note).length(1, 500);
  }
};

namespace kernel::commands {

namespace {

bool is_staff(const policy::Call& call) {
  return call.principal->has_role("staff") || call.principal->has_role("admin");
}

/// Of the caller's own rows, or, for staff, of all.
database::Transaction begin(database::Pool& database, const policy::Call& call) {
  if (is_staff(call))
    return database.begin({database::Scope::system, {}, "staff look at workflows", "portico_kernel"},
                          call.deadline);
  return database.begin({database::Scope::user, call.principal->user_id, {}, "portico_kernel"},
                        call.deadline);
}

work::Eyes eyes_of(const policy::Call& call) {
  return is_staff(call) ? work::Eyes::staff : work::Eyes::own;
}

template <class T>
front::Response answer(const T& value) {
  front::Response response;
  response.headers.add("Content-Type", "application/json");
  response.body = portico::encode_text(value);
  return response;
}

std::int64_t number(std::string_view text, const char* name) {
  std::int64_t out = 0;
  const auto end = text.data() + text.size();
  if (const auto read = std::from_chars(text.data(), end, out);
      read.ec != std::errc() || read.ptr != end || out < 1)
    throw portico::invalid_field(std::string("/") + name, "invalid");
  return out;
}

work::WorkflowFilter filter_of(policy::Call& call) {
  work::WorkflowFilter filter;
  if (const auto kind = call.query("kind")) filter.kind = *kind;
  if (const auto before = call.query("before")) filter.before = number(*before, "before");
  if (const auto limit = call.query("limit")) filter.limit = number(*limit, "limit");
  if (const auto user = call.query("user")) {
    if (!work::is_uuid(*user)) throw portico::invalid_field("/user", "invalid");
    filter.user_id = *user;
  }
  if (const auto state = call.query("state")) {
    portico::WorkflowState wanted{};
    if (!boost::describe::enum_from_string(std::string(*state).c_str(), wanted))
      throw portico::invalid_field("/state", "invalid");
    filter.state = wanted;
  }
  return filter;
}

template <class Out>
json::object schemas(json::object query = {}) {
  json::object components;
  auto out = portico::schema<Out>(components);
  return {{"query", std::move(query)},
          {"responses", json::object{{"200", std::move(out)}}},
          {"components", std::move(components)}};
}

json::object decision_schemas() {
  json::object components;
  auto in = portico::schema<WorkflowDecision>(components);
  auto out = portico::schema<portico::WorkflowDetails>(components);
  return {{"request", std::move(in)},
          {"responses", json::object{{"200", std::move(out)}}},
          {"components", std::move(components)}};
}

extensions::AuditRow audit_row(const policy::Call& call, const WorkflowDecision& decision,
                               const std::string& id) {
  extensions::AuditRow row;
  row.actor_user_id = call.principal->user_id;
  row.actor_kind = "user";
  row.action = std::string("workflow.") + boost::describe::enum_to_string(decision.action, "");
  row.target = id;
  row.outcome = "ok";
  row.correlation_id = call.correlation_id;
  row.client_address = call.client_address;
  if (decision.note) row.details = json::serialize(json::object{{"note", *decision.note}});
  return row;
}

}  // namespace

std::vector<policy::BuiltinRoute> workflow_routes(database::Pool& database, work::WorkflowEngine& engine,
                                                  const extensions::Seal& seal) {
  using loader::Access;
  const work::Offers offers = [&engine](const work::store::Offer& offer) { return engine.offers(offer); };
  const auto list = [&database, offers](policy::Call& call) {
    const auto filter = filter_of(call);
    auto tx = begin(database, call);
    return answer(work::list_workflows(tx, filter, offers));
  };
  const auto show = [&database, offers](policy::Call& call) {
    auto tx = begin(database, call);
    return answer(work::show_workflow(tx, std::string(*call.parameter("id")), eyes_of(call), offers));
  };
  const auto decide = [&database, &engine, &seal, offers](policy::Call& call) {
    const auto decision = portico::decode_text<WorkflowDecision>(call.request().body);
    const std::string id(*call.parameter("id"));
    auto tx = begin(database, call);
    const auto output = decision.output ? json::serialize(*decision.output) : std::string();
    if (!output.empty() && !work::is_storable_json(output))
      throw portico::invalid_field("/output", "invalid");
    work::act_on_workflow(tx, id, decision.action, output, call.principal->user_id);
    extensions::write_audit(tx, seal, audit_row(call, decision, id));
    auto shown = work::show_workflow(tx, id, work::Eyes::staff, offers);
    tx.commit();
    engine.wake();
    return answer(shown);
  };
  const json::value text = json::object{{"type", "string"}}, whole = json::object{{"type", "integer"}};
  return {{"GET", "/api/workflows", "What runs for the caller; for staff, for everybody", Access::signed_in,
           list, true,
           schemas<portico::WorkflowList>(
               {{"state", text}, {"kind", text}, {"user", text}, {"before", whole}, {"limit", whole}})},
          {"GET", "/api/workflows/{id}", "One of them, with steps and timeline", Access::signed_in, show,
           true, schemas<portico::WorkflowDetails>()},
          {"POST", "/api/workflows/{id}/actions", "Staff decide: retry, skip, fail or cancel", Access::staff,
           decide, true, decision_schemas()}};
}

}  // namespace kernel::commands
