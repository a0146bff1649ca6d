// portico.streams/1: event streams, downloads written in pieces, uploads read in pieces.
#include "kernel/policy/streams.hpp"

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/answers.hpp"
#include "kernel/extensions/table.hpp"
#include "kernel/front/inflow.hpp"
#include "kernel/policy/handler.hpp"

namespace kernel::extensions {

namespace {

using policy::Stream;
using portico::Problem;
using Result = front::Outflow::Result;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{250};  // at whether the plugin was told to give up, while it waits

policy::Streams& streams_of(const portico_host* host) {
  return services_of(host).pipeline.streams;
}

portico_status status_of(Result result) {
  switch (result) {
    case Result::fine:
      return PORTICO_OK;
    case Result::full:
      return PORTICO_E_AGAIN;
    case Result::gone:
      return PORTICO_E_STALE;
    case Result::too_much:
      return PORTICO_E_INVALID;
  }
  return PORTICO_E_INTERNAL;
}

bool may_stream(const policy::Call& call) {
  return call.route->spec.cache == loader::CacheScope::none;
}

/// A plugin that opened its answer owes no other.
portico_status opened(policy::Call& call, portico_handle stream, portico_handle* out) {
  if (stream == 0) return PORTICO_E_STALE;
  call.settle_plugin();
  *out = stream;
  return PORTICO_OK;
}

portico_status open_events(const portico_host* host, portico_handle exchange, uint32_t retry_ms,
                           portico_handle* out, portico_error* error) {
  const auto call = find_exchange(host, exchange);
  if (!call) return PORTICO_E_STALE;
  if (!may_stream(*call) || call->route->spec.method != "GET") return PORTICO_E_INVALID;
  portico_status status = PORTICO_OK;
  const auto guarded = guard(error, [&] {
    const auto stream = streams_of(host).open_events(*call, std::chrono::milliseconds(retry_ms));
    status = opened(*call, stream, out);
  });
  return guarded == PORTICO_OK ? status : guarded;
}

portico_status open_download(const portico_host* host, portico_handle exchange, const portico_answer* head,
                             int64_t length, portico_handle* out, portico_error* error) {
  const auto call = find_exchange(host, exchange);
  if (!call) return PORTICO_E_STALE;
  front::Response response;
  if (!may_stream(*call) || length < -1 || !read_head(*head, response)) return PORTICO_E_INVALID;
  portico_status status = PORTICO_OK;
  const auto guarded = guard(error, [&] {
    const auto known = length < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(length));
    status = opened(*call, streams_of(host).open_download(*call, std::move(response), known), out);
  });
  return guarded == PORTICO_OK ? status : guarded;
}

/// Empty for what is no event.
std::string rendered(const portico_stream_event& event) {
  if (event.size < sizeof(portico_stream_event)) return {};
  return policy::render_event(portico::view(event.id), portico::view(event.event), portico::view(event.data));
}

bool is_topic(std::string_view topic) {
  return !topic.empty() && topic.size() <= policy::kTopicName;
}

/// Runs fn, which answers a status; what it throws (memory, most likely) is no plugin's business.
template <class Fn>
portico_status caught(Fn&& fn) noexcept {
  portico_status status = PORTICO_E_INTERNAL;
  guard(nullptr, [&] { status = fn(); });
  return status;
}

portico_status send(const portico_host* host, portico_handle stream, const portico_stream_event* event) {
  return caught([&]() -> portico_status {
    const auto flow = streams_of(host).find(stream, plugin_of(host)).flow;
    if (!flow) return PORTICO_E_STALE;
    const auto text = rendered(*event);
    if (text.empty() || flow->kind() != Stream::Kind::events) return PORTICO_E_INVALID;
    return status_of(streams_of(host).send(flow, text));
  });
}

portico_status subscribe(const portico_host* host, portico_handle stream, portico_str topic) {
  if (!is_topic(portico::view(topic))) return PORTICO_E_INVALID;
  return caught(
      [&] { return status_of(streams_of(host).subscribe(stream, plugin_of(host), portico::view(topic))); });
}

portico_status publish(const portico_host* host, portico_str topic, const portico_stream_event* event,
                       uint64_t* reached) {
  return caught([&]() -> portico_status {
    const auto text = rendered(*event);
    if (text.empty() || !is_topic(portico::view(topic))) return PORTICO_E_INVALID;
    const auto count = streams_of(host).publish(plugin_of(host), portico::view(topic), text);
    if (reached) *reached = count;
    return PORTICO_OK;
  });
}

portico_status write_all(const portico_host* host, const policy::Streams::Found& found,
                         std::string_view bytes, std::uint64_t& sum) {
  for (;;) {
    std::size_t taken = 0;
    const Result result = found.flow->offer(bytes, taken);
    sum += taken;
    bytes.remove_prefix(taken);
    if (result != Result::fine && result != Result::full) return status_of(result);
    if (bytes.empty()) return PORTICO_OK;
    const auto now = Clock::now();
    if (now >= found.deadline || plugin_of(host).cancelled()) {
      found.flow->abort();
      return PORTICO_E_STALE;
    }
    found.flow->wait_for_room(std::min(found.deadline, now + kLook));
  }
}

portico_status write(const portico_host* host, portico_handle stream, portico_str bytes, uint32_t mode,
                     uint64_t* taken) {
  return caught([&]() -> portico_status {
    const auto found = streams_of(host).find(stream, plugin_of(host));
    if (!found.flow) return PORTICO_E_STALE;
    if (found.flow->kind() != Stream::Kind::download) return PORTICO_E_INVALID;
    std::uint64_t sum = 0;
    portico_status status = PORTICO_E_INVALID;
    if (mode == PORTICO_WRITE_WAIT) {
      status = write_all(host, found, portico::view(bytes), sum);
    } else if (mode == PORTICO_WRITE_NOWAIT) {
      std::size_t part = 0;
      status = status_of(found.flow->offer(portico::view(bytes), part));
      sum = part;
    }
    auto& usage = plugin_of(host).usage;
    usage.add(usage.bytes_out, sum);
    if (taken) *taken = sum;
    return status;
  });
}

portico_status finish(const portico_host* host, portico_handle stream) {
  return caught([&]() -> portico_status {
    const auto flow = streams_of(host).find(stream, plugin_of(host)).flow;
    return flow ? status_of(flow->finish()) : PORTICO_E_STALE;
  });
}

void abort(const portico_host* host, portico_handle stream) {
  caught([&] {
    if (const auto flow = streams_of(host).find(stream, plugin_of(host)).flow) flow->abort();
    return PORTICO_OK;
  });
}

std::size_t read_some(const portico_host* host, const policy::Call& call, char* buffer, std::size_t size) {
  using Came = front::Inflow::Result;
  for (;;) {
    std::size_t got = 0;
    const auto now = Clock::now();
    switch (call.inflow()->read(buffer, size, std::min(call.deadline, now + kLook), got)) {
      case Came::some:
        return got;
      case Came::complete:
        return 0;
      case Came::failed: {
        const auto refused = front::answer_to(call.inflow()->failure());
        throw Problem(refused.status, std::string(refused.code), "the body did not come whole");
      }
      case Came::late:
        if (now >= call.deadline)
          throw Problem(504, "request.deadline", "the body did not come before the deadline", 1);
        if (plugin_of(host).cancelled()) throw Problem(503, "service.stopping", "the plugin stops", 2);
    }
  }
}

portico_status read(const portico_host* host, portico_handle exchange, char* buffer, uint64_t size,
                    uint64_t* got, portico_error* error) {
  *got = 0;
  const auto call = find_exchange(host, exchange);
  if (!call) return PORTICO_E_STALE;
  if (!call->route->spec.streamed_body || size == 0) return PORTICO_E_INVALID;
  if (!call->inflow()) return PORTICO_OK;  // a request without a body
  return guard(error, [&] { *got = read_some(host, *call, buffer, size); });
}

}  // namespace

const portico_streams kStreams{sizeof(portico_streams), 0,      &open_events, &send,  &subscribe, &publish,
                               &open_download,          &write, &finish,      &abort, &read};

}  // namespace kernel::extensions
