// portico.channels/1: gRPC calls and streams to the upstreams that the manifest names.
#include <algorithm>

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/plugin_streams.hpp"
#include "kernel/extensions/table.hpp"
#include "kernel/extensions/upstreams.hpp"
#include "kernel/loader/call_scope.hpp"

namespace kernel::extensions {

namespace {

namespace rpc = outbound::rpc;
using portico::Problem;

rpc::Call call_of(const portico_channel_call& raw) {
  rpc::Call call;
  call.method = text_of(raw.method);
  for (std::uint64_t i = 0; i < raw.metadata_count; ++i)
    call.metadata.emplace_back(text_of(raw.metadata[i].name), text_of(raw.metadata[i].value));
  call.message = text_of(raw.message);
  if (raw.lane.size) call.lane = text_of(raw.lane);
  call.deadline = loader::current_deadline();
  if (raw.timeout_ms > 0)
    call.deadline =
        std::min(call.deadline, outbound::Clock::now() + std::chrono::milliseconds(raw.timeout_ms));
  call.kind = raw.kind == PORTICO_OUTBOUND_READ ? outbound::Kind::read : outbound::Kind::write;
  call.priority = priority_of(raw.priority);
  call.operation = text_of(raw.operation);
  return call;
}

/// What a plugin's lease holds of a reply.
struct Answered {
  explicit Answered(rpc::Reply from) : reply(std::move(from)) {
    for (const auto& [name, value] : reply.status.trailers) trailers += name + ": " + value + "\n";
  }
  rpc::Reply reply;
  std::string trailers;
};

portico_status call(const portico_host* host, const portico_channel_call* raw, portico_channel_reply* out,
                    portico_error* error) {
  return guard(error, [&] {
    if (raw->size < sizeof *raw || out->size < sizeof *out)
      throw Problem(500, "plugin.wrong_abi", "the call or reply of channels.call is too small");
    out->code = 0, out->may_have_been_sent = 0, out->attempts = 0, out->message = {};
    out->text = {}, out->trailers = {};
    const auto name = declared_upstream(host, raw->upstream, loader::Protocol::grpc);
    auto& plugin = plugin_of(host);
    const loader::Ledger::Entry line(plugin.ledger, loader::Holding::outbound, name);
    plugin.usage.add(plugin.usage.outbound_calls, 1);
    std::shared_ptr<Answered> answered;
    try {
      answered = std::make_shared<Answered>(services_of(host).channels.call(name, call_of(*raw)));
    } catch (const outbound::CallProblem& problem) {
      out->may_have_been_sent = problem.may_have_been_sent ? 1 : 0;
      throw;
    }
    const auto& reply = answered->reply;
    plugin.usage.add(plugin.usage.bytes_in, reply.message.size());
    out->code = reply.status.code, out->may_have_been_sent = 1;
    out->attempts = static_cast<std::uint32_t>(reply.attempts);
    out->message = {reply.message.data(), reply.message.size(), lease(answered, "a channel's reply")};
    out->text = portico::to_str(reply.status.text);
    out->trailers = portico::to_str(answered->trailers);
  });
}

portico_status open(const portico_host* host, const portico_channel_call* raw,
                    const portico_channel_handler* handler, portico_handle* out, portico_error* error) {
  return guard(error, [&] {
    if (raw->size < sizeof *raw || handler->size < sizeof *handler || !handler->message || !handler->end)
      throw Problem(500, "plugin.wrong_abi", "the call or handler of channels.open is too small or empty");
    *out = 0;
    const auto name = declared_upstream(host, raw->upstream, loader::Protocol::grpc);
    auto& plugin = plugin_of(host);
    auto& services = services_of(host);
    auto call = call_of(*raw);
    plugin.usage.add(plugin.usage.outbound_calls, 1);
    const auto stream = std::make_shared<PluginStream>(services.channel_streams, plugin,
                                                       call.operation + " of " + name, *handler);
    *out = services.channel_streams.open(services.channels, name, std::move(call), stream);
  });
}

std::shared_ptr<rpc::Stream> find(const portico_host* host, portico_handle handle) {
  const auto found = services_of(host).channel_streams.find(handle, plugin_of(host));
  return found ? found->stream() : nullptr;
}

portico_status send(const portico_host* host, portico_handle handle, portico_str bytes) {
  portico_status status = PORTICO_E_STALE;
  guard(nullptr, [&] {
    const auto stream = find(host, handle);
    if (!stream) return;
    switch (stream->send(text_of(bytes))) {
      case rpc::Stream::Sent::taken:
        status = PORTICO_OK;
        break;
      case rpc::Stream::Sent::full:
        status = PORTICO_E_AGAIN;
        break;
      case rpc::Stream::Sent::too_large:
        status = PORTICO_E_INVALID;
        break;
      case rpc::Stream::Sent::ended:
        break;
    }
  });
  return status;
}

portico_status finish(const portico_host* host, portico_handle handle) {
  portico_status status = PORTICO_E_STALE;
  guard(nullptr, [&] {
    const auto stream = find(host, handle);
    if (!stream) return;
    stream->finish();
    status = PORTICO_OK;
  });
  return status;
}

void cancel(const portico_host* host, portico_handle handle) {
  guard(nullptr, [&] {
    if (const auto stream = find(host, handle)) stream->cancel(rpc::Cause::cancelled);
  });
}

}  // namespace

const portico_channels kChannels{sizeof(portico_channels), 0, &call, &open, &send, &finish, &cancel};

}  // namespace kernel::extensions
