// portico.outbound/1: calls to the upstreams that the manifest names.
#include <algorithm>
#include <cctype>
#include <mutex>

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/table.hpp"
#include "kernel/extensions/upstreams.hpp"
#include "kernel/loader/call_scope.hpp"
#include "kernel/loader/handles.hpp"

namespace kernel::extensions {

std::string serving_upstream_name(const loader::Plugin& plugin, const std::string& name) {
  return name == plugin.id() ? name : plugin.id() + "_" + name;
}

std::string starting_upstream_name(const loader::Plugin& plugin, const std::string& name) {
  return serving_upstream_name(plugin, name) + "--starting";
}

std::string upstream_name(const loader::Plugin& plugin, const std::string& name) {
  return plugin.beside ? starting_upstream_name(plugin, name) : serving_upstream_name(plugin, name);
}

namespace {

using loader::Protocol;
using portico::Problem;

/// An address without a scheme is one for TLS: vendors write gRPC endpoints so.
std::string base_url_of(const loader::OutboundSpec& spec, std::string configured) {
  if (spec.protocol == Protocol::grpc && configured.find("://") == configured.npos)
    return "https://" + configured;
  return configured;
}

/// What an administrator has isolated stays so for a version that starts.
template <class Table>
void isolate_alike(const loader::Plugin& plugin, const std::string& name, Table& table) {
  if (!plugin.beside) return;
  const auto is_isolated = [all = table.stats()](const std::string& upstream) {
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& lane) { return lane.upstream == upstream && lane.isolated; });
  };
  const auto starting = starting_upstream_name(plugin, name);
  const bool isolated = is_isolated(serving_upstream_name(plugin, name));
  if (isolated != is_isolated(starting)) table.isolate(starting, isolated);
}

}  // namespace

void add_upstreams(const loader::Plugin& plugin, outbound::Outbound& outbound,
                   outbound::rpc::Channels& channels, int replicas) {
  for (const auto& [name, spec] : plugin.manifest.outbound) {
    outbound::UpstreamSettings settings;
    settings.name = upstream_name(plugin, name);
    settings.base_url = base_url_of(spec, std::string(plugin.config.at(spec.base_url).as_string()));
    if (const auto* file = spec.ca_file.empty() ? nullptr : plugin.config.if_contains(spec.ca_file);
        file && file->is_string())
      settings.ca_file = std::string(file->get_string());
    settings.timeout = std::chrono::milliseconds(spec.timeout_ms);
    settings.connect_timeout = std::chrono::milliseconds(spec.connect_timeout_ms);
    settings.body_limit = static_cast<std::size_t>(spec.body_limit);
    for (const auto& [lane, limits] : spec.lanes)
      settings.lanes[lane] = {static_cast<int>(limits.concurrency),
                              static_cast<int>(limits.queue),
                              std::chrono::milliseconds(limits.queue_wait_ms),
                              static_cast<double>(limits.background_percent) / 100,
                              static_cast<int>(limits.rate),
                              std::chrono::milliseconds(limits.rate_ms * replicas)};
    if (spec.protocol == Protocol::http) {
      outbound.add(std::move(settings));
      isolate_alike(plugin, name, outbound);
    } else if (!plugin.config.at(spec.base_url).as_string().empty()) {  // empty: the plugin does without
      channels.add({std::move(settings), std::chrono::milliseconds(spec.keep_alive_ms)});
      isolate_alike(plugin, name, channels);
    }
  }
}

std::string declared_upstream(const portico_host* host, portico_str name, Protocol protocol) {
  const auto& plugin = plugin_of(host);
  const auto text = text_of(name);
  const auto found = plugin.manifest.outbound.find(text);
  if (found == plugin.manifest.outbound.end() || found->second.protocol != protocol)
    throw Problem(500, "plugin.not_in_manifest",
                  plugin.id() + " has no upstream '" + text + "' of that protocol in its manifest");
  return upstream_name(plugin, text);
}

/// A person waits for what is done in a request, also where that calls operations; nobody for the rest.
outbound::Priority priority_of(std::uint32_t asked) {
  switch (asked) {
    case PORTICO_PRIORITY_INTERACTIVE:
      return outbound::Priority::interactive;
    case PORTICO_PRIORITY_JOB:
      return outbound::Priority::job;
    case PORTICO_PRIORITY_REFRESH:
      return outbound::Priority::refresh;
    default: {
      const auto* call = loader::CallScope::current();
      return call && !call->client_address.empty() ? outbound::Priority::interactive
                                                   : outbound::Priority::job;
    }
  }
}

namespace {

/// What a plugin's lease holds of a reply.
struct Reply {
  explicit Reply(outbound::Response from) : response(std::move(from)) {
    for (const auto& [name, value] : response.headers) {
      for (const char c : name) headers += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      headers += ": " + value + "\n";
    }
  }
  outbound::Response response;
  std::string headers;
};

/// What both kinds of call make of the plugin's request; checks sizes and the manifest.
struct Asked {
  Asked(const portico_host* host, const portico_outbound_request* raw, portico_outbound_response* out) {
    if (raw->size < sizeof *raw || out->size < sizeof *out)
      throw Problem(500, "plugin.wrong_abi", "the request or response of an outbound call is too small");
    out->status = 0, out->may_have_been_sent = 0, out->attempts = 0, out->body = {};
    out->content_type = {}, out->headers = {};
    upstream = declared_upstream(host, raw->upstream, Protocol::http);
    request.method = text_of(raw->method);
    request.path = text_of(raw->path);
    for (std::uint64_t i = 0; i < raw->header_count; ++i)
      request.headers.emplace_back(text_of(raw->headers[i].name), text_of(raw->headers[i].value));
    request.body = text_of(raw->body);
    if (raw->lane.size) request.lane = text_of(raw->lane);
    request.deadline = loader::current_deadline();
    if (raw->timeout_ms > 0)
      request.deadline =
          std::min(request.deadline, outbound::Clock::now() + std::chrono::milliseconds(raw->timeout_ms));
    request.priority = priority_of(raw->priority);
    request.kind = raw->kind == PORTICO_OUTBOUND_READ ? outbound::Kind::read : outbound::Kind::write;
    request.operation = text_of(raw->operation);
    auto& usage = plugin_of(host).usage;
    usage.add(usage.outbound_calls, 1);
  }
  std::string upstream;
  outbound::Request request;
};

template <class Function>
auto telling_whether_sent(portico_outbound_response* out, Function&& function) {
  try {
    return function();
  } catch (const outbound::CallProblem& problem) {
    out->may_have_been_sent = problem.may_have_been_sent ? 1 : 0;
    throw;
  }
}

void hand_out(outbound::Response response, portico_outbound_response* out) {
  const auto reply = std::make_shared<Reply>(std::move(response));
  out->status = reply->response.status, out->may_have_been_sent = 1;
  out->attempts = static_cast<std::uint32_t>(reply->response.attempts);
  out->body = {reply->response.body.data(), reply->response.body.size(), lease(reply, "an upstream's reply")};
  out->content_type = portico::to_str(reply->response.header("content-type"));
  out->headers = portico::to_str(reply->headers);
}

portico_status call(const portico_host* host, const portico_outbound_request* raw,
                    portico_outbound_response* out, portico_error* error) {
  return guard(error, [&] {
    Asked asked(host, raw, out);
    auto& plugin = plugin_of(host);
    const loader::Ledger::Entry line(plugin.ledger, loader::Holding::outbound, asked.upstream);
    auto response = telling_whether_sent(
        out, [&] { return services_of(host).outbound.call(asked.upstream, std::move(asked.request)); });
    plugin.usage.add(plugin.usage.bytes_in, response.body.size());
    hand_out(std::move(response), out);
  });
}

/// A reply that a plugin reads. The line in the ledger keeps the plugin until it is closed.
struct Incoming {
  Incoming(loader::Plugin& plugin, std::string upstream, outbound::OpenReply opened)
      : owner(&plugin),
        place(std::move(upstream)),
        line(plugin, loader::Holding::outbound, place),
        reply(std::move(opened)) {}
  const loader::Plugin* const owner;
  const std::string place;
  const HeldLine line;
  std::mutex one_reader;
  outbound::OpenReply reply;
};

loader::Handles<Incoming>& incoming() {
  static loader::Handles<Incoming> handles;
  return handles;
}

portico_status open(const portico_host* host, const portico_outbound_request* raw, std::uint64_t body_limit,
                    portico_outbound_response* out, portico_handle* handle, portico_error* error) {
  return guard(error, [&] {
    *handle = 0;
    Asked asked(host, raw, out);
    auto& plugin = plugin_of(host);
    const loader::Ledger::Entry line(plugin.ledger, loader::Holding::outbound, asked.upstream);
    auto opened = telling_whether_sent(out, [&] {
      return services_of(host).outbound.open(asked.upstream, std::move(asked.request), body_limit);
    });
    plugin.usage.add(plugin.usage.bytes_in, opened.head().body.size());
    hand_out(opened.head(), out);
    if (opened.streams())
      *handle =
          incoming().add(std::make_shared<Incoming>(plugin, std::move(asked.upstream), std::move(opened)));
  });
}

portico_status read(const portico_host* host, portico_handle handle, char* buffer, std::uint64_t size,
                    std::uint64_t* got, portico_error* error) {
  *got = 0;
  if (size == 0) return PORTICO_E_INVALID;
  auto& plugin = plugin_of(host);
  const auto found = incoming().find(handle);
  if (!found || found->owner != &plugin) return PORTICO_E_STALE;
  return guard(error, [&] {
    const std::lock_guard lock(found->one_reader);
    *got = found->reply.read(buffer, size);
    plugin.usage.add(plugin.usage.bytes_in, *got);
  });
}

void close(const portico_host* host, portico_handle handle) {
  guard(nullptr, [&] {
    const auto found = incoming().find(handle);
    if (!found || found->owner != &plugin_of(host)) return;
    found->reply.cancel();  // also where another thread still waits for it
    incoming().take(handle);
  });
}

void report_bad_reply(const portico_host* host, portico_str upstream) {
  guard(nullptr, [&] {
    services_of(host).outbound.report_bad_reply(declared_upstream(host, upstream, Protocol::http));
  });
}

}  // namespace

const portico_outbound kOutbound{sizeof(portico_outbound), 0, &call, &report_bad_reply, &open, &read, &close};

}  // namespace kernel::extensions
