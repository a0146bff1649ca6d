// Reads plugins and writes JSON.
#include "kernel/commands/plugin_report.hpp"

#include <algorithm>
#include <portico/problem.hpp>

#include "kernel/config/suggestion.hpp"
#include "kernel/observe/metrics.hpp"

namespace kernel::commands {

namespace json = boost::json;
using loader::PluginPtr;
using portico::Problem;

namespace {

json::object describe(const loader::Plugin& plugin) {
  return {{"id", plugin.id()},
          {"version", plugin.manifest.version},
          {"state", to_string(plugin.state())},
          {"reason", plugin.reason()},
          {"sha256", plugin.sha256()},
          {"license", plugin.manifest.license},
          {"description", plugin.manifest.description},
          {"unload", plugin.manifest.unload}};
}

json::array holdings_of(const loader::Plugin& plugin) {
  json::array out;
  for (const auto& line : plugin.ledger.lines())
    out.push_back(json::object{{"kind", to_string(line.kind)},
                               {"place", line.place},
                               {"correlation_id", line.correlation_id},
                               {"age_ms", line.age.count() / 1000}});
  return out;
}

bool shares(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return std::any_of(some.begin(), some.end(), [&](const auto& name) {
    return std::find(others.begin(), others.end(), name) != others.end();
  });
}

/// Each operation it calls, with the plugin that answers it now; null where none does.
json::array uses_of(const loader::Plugin& plugin, const loader::Lineup& lineup) {
  json::array out;
  const auto add = [&](const std::string& operation, bool optional) {
    json::value provider;
    for (const auto& other : lineup.order)
      if (loader::serves(other->state()) && shares({operation}, other->manifest.operations_provided))
        provider = other->id();
    out.push_back(json::object{{"operation", operation}, {"provider", provider}, {"optional", optional}});
  };
  for (const auto& operation : plugin.manifest.operations_required) add(operation, false);
  for (const auto& operation : plugin.manifest.operations_optional) add(operation, true);
  return out;
}

json::object explain(const loader::Plugin& plugin, const loader::Lineup& lineup) {
  auto out = describe(plugin);
  out["holdings"] = holdings_of(plugin);
  json::array needs, needed_by;
  for (const auto& other : lineup.order) {
    if (shares(plugin.manifest.operations_required, other->manifest.operations_provided))
      needs.emplace_back(other->id());
    if (shares(other->manifest.operations_required, plugin.manifest.operations_provided))
      needed_by.emplace_back(other->id());
  }
  out["needs"] = std::move(needs);
  out["uses"] = uses_of(plugin, lineup);
  out["needed_by"] = std::move(needed_by);
  return out;
}

std::int64_t ms(std::chrono::microseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

std::uint64_t read(const std::atomic<std::uint64_t>& sum) {
  return sum.load(std::memory_order_relaxed);
}

}  // namespace

json::object describe_plugins(const loader::Lineup& lineup, const std::vector<PluginPtr>& draining) {
  json::array plugins, ending, files;
  for (const auto& plugin : lineup.plugins) plugins.push_back(describe(*plugin));
  for (const auto& plugin : draining) ending.push_back(describe(*plugin));
  for (const auto& refusal : lineup.refused_files)
    files.push_back(
        json::object{{"file", refusal.file.string()}, {"code", refusal.code}, {"reason", refusal.reason}});
  return {
      {"plugins", std::move(plugins)}, {"draining", std::move(ending)}, {"refused_files", std::move(files)}};
}

json::object explain_plugin(const std::string& id, const loader::Lineup& lineup,
                            const std::vector<PluginPtr>& draining) {
  json::array instances;
  if (const auto plugin = lineup.find(id)) instances.push_back(explain(*plugin, lineup));
  for (const auto& plugin : draining)
    if (plugin->id() == id) instances.push_back(explain(*plugin, lineup));
  if (!instances.empty()) return {{"instances", std::move(instances)}};
  std::vector<std::string> ids;
  for (const auto& plugin : lineup.plugins) ids.push_back(plugin->id());
  const auto hint = config::nearest(id, ids);
  throw Problem(404, "plugin.unknown",
                "there is no plugin '" + id + "'" + (hint.empty() ? "" : "; did you mean '" + hint + "'?"));
}

json::object cost_of_plugins(const loader::Lineup& lineup) {
  auto plugins = lineup.started();
  std::stable_sort(plugins.begin(), plugins.end(), [](const PluginPtr& a, const PluginPtr& b) {
    return a->processor_time() > b->processor_time();
  });
  json::array rows;
  for (const auto& plugin : plugins) {
    const auto& usage = plugin->usage;
    rows.push_back(json::object{{"id", plugin->id()},
                                {"calls", read(usage.calls)},
                                {"errors", read(usage.errors)},
                                {"processor_ms", ms(plugin->processor_time())},
                                {"database_ms", read(usage.database_us) / 1000},
                                {"outbound_calls", read(usage.outbound_calls)},
                                {"bytes_in", read(usage.bytes_in)},
                                {"bytes_out", read(usage.bytes_out)},
                                {"holds", plugin->ledger.size()}});
  }
  return {{"plugins", std::move(rows)}};
}

void measure_plugins(const loader::Lineup& lineup) {
  const auto show = [](const char* name, const char* help, const loader::Plugin& plugin, double value) {
    observe::gauge(name, help, {{"plugin", plugin.id()}}).set(value);
  };
  for (const auto& plugin : lineup.started()) {
    const auto& usage = plugin->usage;
    const auto& p = *plugin;
    show("portico_plugin_processor_seconds", "Processor time of the plugin's workers since it started", p,
         std::chrono::duration<double>(p.processor_time()).count());
    show("portico_plugin_database_seconds", "Time the plugin waited for statements since it started", p,
         static_cast<double>(read(usage.database_us)) / 1e6);
    show("portico_plugin_calls", "Calls into the plugin since it started", p,
         static_cast<double>(read(usage.calls)));
    show("portico_plugin_errors", "Calls into the plugin that failed since it started", p,
         static_cast<double>(read(usage.errors)));
    show("portico_plugin_outbound_calls", "Calls to upstreams since the plugin started", p,
         static_cast<double>(read(usage.outbound_calls)));
    show("portico_plugin_bytes_in", "Bytes of upstreams' replies since the plugin started", p,
         static_cast<double>(read(usage.bytes_in)));
    show("portico_plugin_bytes_out", "Bytes of the plugin's answers since it started", p,
         static_cast<double>(read(usage.bytes_out)));
    show("portico_plugin_holdings", "What the plugin holds of the host now", p,
         static_cast<double>(p.ledger.size()));
  }
}

}  // namespace kernel::commands
