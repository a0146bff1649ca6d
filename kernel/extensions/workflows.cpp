// portico.workflows/1: drafts of workflows, and the plugin's own instances.
#include <portico/contract.hpp>

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/registering.hpp"
#include "kernel/extensions/transactions.hpp"
#include "kernel/extensions/workflow_reader.hpp"
#include "kernel/work/workflow_engine.hpp"
#include "kernel/work/workflow_view.hpp"

namespace kernel::extensions {

namespace {

using portico::Problem;

constexpr std::size_t kMostInput = 64 << 10, kMostKey = 200;

portico_status define(const portico_host* host, const portico_workflow* raw, portico_error* error) {
  return guard(error, [&] {
    auto& plugin = plugin_of(host);
    require_starting(plugin);
    auto spec = read_workflow(*raw);
    const auto& declared = plugin.manifest.workflows;
    if (std::find(declared.begin(), declared.end(), spec.kind) == declared.end())
      not_in_manifest("workflow " + spec.kind, "workflows");
    for (const auto& other : plugin.registrations.workflows)
      if (other.kind == spec.kind && other.revision == spec.revision)
        throw Problem(422, "plugin.workflow_invalid",
                      spec.kind + ": revision " + std::to_string(spec.revision) + " is defined twice");
    if (!plugin.lane(spec.lane)) not_in_manifest("lane " + spec.lane, "lanes");
    plugin.registrations.workflows.push_back(std::move(spec));
  });
}

/// The revision asked for, or the newest.
const loader::WorkflowSpec& spec_of(const loader::Plugin& plugin, const std::string& kind,
                                    std::uint32_t revision) {
  const loader::WorkflowSpec* found = nullptr;
  for (const auto& spec : plugin.registrations.workflows)
    if (spec.kind == kind &&
        (revision ? spec.revision == revision : !found || spec.revision > found->revision))
      found = &spec;
  if (!found) throw Problem(404, "workflows.unknown_kind", kind + " is not defined by " + plugin.id());
  return *found;
}

std::string json_of(portico_str raw, std::size_t most) {
  if (raw.size > most)
    throw Problem(422, "workflows.too_large", "more than " + std::to_string(most) + " bytes");
  if (raw.size == 0) return "null";
  if (!work::is_storable_json(portico::view(raw)))
    throw Problem(422, "sdk.invalid_argument", "no JSON, or text with a NUL in it");
  return text_of(raw);
}

portico_status start(const portico_host* host, portico_handle transaction, const portico_workflow_start* raw,
                     portico_buffer* id, portico_error* error) {
  return guard(error, [&] {
    const auto& plugin = plugin_of(host);
    work::store::NewInstance instance;
    instance.plugin = plugin.id();
    instance.spec = &spec_of(plugin, text_of(raw->kind), raw->revision);
    instance.key = text_of(raw->key);
    if (instance.key.empty() || instance.key.size() > kMostKey)
      throw Problem(422, "sdk.invalid_argument", "the key of a workflow has 1 to 200 characters");
    instance.user_id = text_of(raw->user_id);
    if (!instance.user_id.empty() && !work::is_uuid(instance.user_id))
      throw Problem(422, "sdk.invalid_argument", "user_id is no UUID");
    instance.input = json_of(raw->input, kMostInput);
    in_transaction(host, transaction, "start of a workflow",
                   [&](database::Transaction& tx) { *id = lease_text(work::store::start(tx, instance)); });
    if (!transaction) services_of(host).workflows.wake();
  });
}

portico_status signal(const portico_host* host, portico_handle transaction, portico_str id, portico_str name,
                      portico_str key, portico_str payload, portico_error* error) {
  return guard(error, [&] {
    const auto instance = text_of(id), signal_name = text_of(name), once = text_of(key);
    if (!is_workflow_word(signal_name) || once.size() > kMostKey)
      throw Problem(422, "sdk.invalid_argument", "name or key of a signal");
    const auto body = json_of(payload, kMostInput);
    in_transaction(host, transaction, "signal to a workflow", [&](database::Transaction& tx) {
      if (!work::is_uuid(instance) || !work::store::lock(tx, instance, plugin_of(host).id()))
        throw Problem(404, "workflows.not_found", instance);
      work::store::add_signal(tx, instance, signal_name, once, body);
    });
    if (!transaction) services_of(host).workflows.wake();
  });
}

portico_status cancel(const portico_host* host, portico_handle transaction, portico_str id,
                      portico_error* error) {
  return guard(error, [&] {
    in_transaction(host, transaction, "cancel of a workflow", [&](database::Transaction& tx) {
      work::cancel_workflow(tx, text_of(id), plugin_of(host).id());
    });
    if (!transaction) services_of(host).workflows.wake();
  });
}

work::Offers offers_of(const portico_host* host) {
  auto& engine = services_of(host).workflows;
  return [&engine](const work::store::Offer& offer) { return engine.offers(offer); };
}

database::Transaction reading(const portico_host* host, const std::string& user_id) {
  database::Scope scope{database::Scope::system, {}, "a plugin reads its workflows", "portico_kernel"};
  if (!user_id.empty()) scope = {database::Scope::user, user_id, {}, "portico_kernel"};
  return services_of(host).database.begin(scope, loader::current_deadline());
}

portico_status state(const portico_host* host, portico_str user_id, portico_str id, portico_buffer* out,
                     portico_error* error) {
  return guard(error, [&] {
    auto tx = reading(host, text_of(user_id));
    const auto shown = work::show_workflow(tx, text_of(id), work::Eyes::staff, offers_of(host));
    if (shown.plugin != plugin_of(host).id()) throw Problem(404, "workflows.not_found", "another plugin's");
    *out = lease_text(portico::encode_text(shown));
  });
}

portico_status list(const portico_host* host, portico_str user_id, portico_buffer* out,
                    portico_error* error) {
  return guard(error, [&] {
    work::WorkflowFilter filter;
    filter.plugin = plugin_of(host).id();
    filter.user_id = text_of(user_id);
    filter.limit = work::kMostListed;
    if (!work::is_uuid(filter.user_id)) throw Problem(422, "sdk.invalid_argument", "user_id is no UUID");
    auto tx = reading(host, filter.user_id);
    *out = lease_text(portico::encode_text(work::list_workflows(tx, filter, offers_of(host))));
  });
}

portico_status reply(const portico_host*, portico_handle handle, uint32_t outcome, portico_str code,
                     int64_t after_ms, portico_str output) {
  return work::reply_to_step(handle, outcome, portico::view(code), after_ms, portico::view(output));
}

}  // namespace

const portico_workflows kWorkflows{
    sizeof(portico_workflows), 0, &define, &start, &signal, &cancel, &state, &list, &reply};

}  // namespace kernel::extensions
