// portico.outbound/1: calls to the upstreams that the manifest names.
#include "kernel/extensions/all.hpp"
#include "kernel/extensions/table.hpp"
#include "kernel/extensions/upstreams.hpp"
#include "kernel/loader/call_scope.hpp"

namespace kernel::extensions {

std::string upstream_name(const loader::Plugin& plugin, const std::string& name) {
  return name == plugin.id() ? name : plugin.id() + "_" + name;
}

void add_upstreams(const loader::Plugin& plugin, outbound::Outbound& outbound) {
  for (const auto& [name, spec] : plugin.manifest.outbound) {
    outbound::UpstreamSettings settings;
    settings.name = upstream_name(plugin, name);
    settings.base_url = std::string(plugin.config.at(spec.base_url).as_string());
    settings.timeout = std::chrono::milliseconds(spec.timeout_ms);
    settings.connect_timeout = std::chrono::milliseconds(spec.connect_timeout_ms);
    settings.body_limit = static_cast<std::size_t>(spec.body_limit);
    for (const auto& [lane, limits] : spec.lanes)
      settings.lanes[lane] = {static_cast<int>(limits.concurrency), static_cast<int>(limits.queue),
                              std::chrono::milliseconds(limits.queue_wait_ms)};
    outbound.add(std::move(settings));
  }
}

namespace {

using portico::Problem;

std::string declared(const portico_host* host, portico_str name) {
  const auto& plugin = plugin_of(host);
  const auto text = text_of(name);
  if (!plugin.manifest.outbound.count(text))
    throw Problem(500, "plugin.not_in_manifest",
                  plugin.id() + " has no upstream '" + text + "' in its manifest");
  return upstream_name(plugin, text);
}

portico_status call(const portico_host* host, const portico_outbound_request* raw,
                    portico_outbound_response* out, portico_error* error) {
  return guard(error, [&] {
    outbound::Request request;
    const auto name = declared(host, raw->upstream);
    request.method = text_of(raw->method);
    request.path = text_of(raw->path);
    for (std::uint64_t i = 0; i < raw->header_count; ++i)
      request.headers.emplace_back(text_of(raw->headers[i].name), text_of(raw->headers[i].value));
    request.body = text_of(raw->body);
    if (raw->lane.size) request.lane = text_of(raw->lane);
    request.deadline = loader::current_deadline();
    request.kind = raw->kind == PORTICO_OUTBOUND_READ ? outbound::Kind::read : outbound::Kind::write;
    request.operation = text_of(raw->operation);
    auto& plugin = plugin_of(host);
    const loader::Ledger::Entry line(plugin.ledger, loader::Holding::outbound, name);
    plugin.usage.add(plugin.usage.outbound_calls, 1);
    auto response =
        std::make_shared<outbound::Response>(services_of(host).outbound.call(name, std::move(request)));
    plugin.usage.add(plugin.usage.bytes_in, response->body.size());
    const auto type = response->header("content-type");
    *out = {response->status, 0, {response->body.data(), response->body.size(), 0}, portico::to_str(type)};
    out->body.lease = lease(response, "an upstream's reply");
  });
}

void report_bad_reply(const portico_host* host, portico_str upstream) {
  guard(nullptr, [&] { services_of(host).outbound.report_bad_reply(declared(host, upstream)); });
}

}  // namespace

const portico_outbound kOutbound{sizeof(portico_outbound), 0, &call, &report_bad_reply};

}  // namespace kernel::extensions
