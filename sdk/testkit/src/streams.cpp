// portico.streams/1: event streams, downloads and uploads, in memory.
#include <portico/abi/streams.h>

#include <algorithm>

#include "state.hpp"

namespace portico::testkit {

namespace {

constexpr std::size_t kMostEvent = 60'000, kMostTopic = 128, kMostTopics = 16;
constexpr std::uint64_t kPiece = 4096;  // what one read gives at most, so that loops are tried

/// Opens a stream as the exchange's answer.
portico_status open(State& s, portico_handle exchange, const char* name, Reply reply, bool events,
                    std::int64_t length, portico_handle* out) {
  const auto stream = std::make_shared<Stream>();
  stream->events = events, stream->length = length;
  const auto handle = State::new_handle();
  reply.stream = handle;
  {
    const std::lock_guard lock(s.mutex);
    const auto found = s.exchanges.find(exchange);
    if (found && (found->cached || (events && found->method != "GET"))) return PORTICO_E_INVALID;
    s.streams.add(handle, stream);
  }
  const auto status = s.give_reply(exchange, name, [&] { return reply; });
  if (status == PORTICO_OK) {
    *out = handle;
    return status;
  }
  const std::lock_guard lock(s.mutex);
  s.streams.take(handle);
  return status;
}

portico_status open_events(const portico_host* host, portico_handle exchange, std::uint32_t,
                           portico_handle* out, portico_error* error) {
  return host_call(host, {"streams.open_events", kAnywhere}, error, [&](State& s) {
    Reply reply;
    reply.status = 200;
    reply.headers = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}};
    return open(s, exchange, "streams.open_events", std::move(reply), true, -1, out);
  });
}

portico_status open_download(const portico_host* host, portico_handle exchange, const portico_answer* head,
                             std::int64_t length, portico_handle* out, portico_error* error) {
  return host_call(host, {"streams.open_download", kAnywhere}, error, [&](State& s) {
    auto reply = reply_of(*head);
    reply.body.clear();
    return open(s, exchange, "streams.open_download", std::move(reply), false, length, out);
  });
}

bool is_event(const portico_stream_event& event) {
  const auto one_line = [](portico_str text) {
    return view(text).find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
  };
  return event.size >= sizeof event && event.id.size + event.event.size + event.data.size <= kMostEvent &&
         one_line(event.id) && one_line(event.event);
}

/// Under the lock.
portico_status put(State& s, Stream& stream, const portico_stream_event& event) {
  if (stream.over()) return PORTICO_E_STALE;
  if (s.slow) {
    stream.seen.cut = true;
    return PORTICO_E_AGAIN;
  }
  stream.seen.events.push_back({text_of(event.id), text_of(event.event), text_of(event.data)});
  return PORTICO_OK;
}

/// Runs fn on the stream under the lock; streams end by themselves, so an ended one is nobody's fault.
template <class F>
portico_status with(const portico_host* host, const char* name, portico_handle handle, F&& fn) {
  return host_call(host, {name, kAnywhere}, nullptr, [&](State& s) -> portico_status {
    const std::lock_guard lock(s.mutex);
    const auto stream = s.streams.find(handle);
    if (!stream) {
      s.faults.push_back(std::string(name) + " was given a stream that never was");
      return PORTICO_E_STALE;
    }
    return fn(s, *stream);
  });
}

portico_status send(const portico_host* host, portico_handle handle, const portico_stream_event* event) {
  return with(host, "streams.send", handle, [&](State& s, Stream& stream) -> portico_status {
    return is_event(*event) && stream.events ? put(s, stream, *event) : PORTICO_E_INVALID;
  });
}

portico_status subscribe(const portico_host* host, portico_handle handle, portico_str topic) {
  return with(host, "streams.subscribe", handle, [&](State&, Stream& stream) -> portico_status {
    if (stream.over()) return PORTICO_E_STALE;
    const bool known = stream.topics.count(text_of(topic)) > 0;
    if (!topic.size || topic.size > kMostTopic || (!known && stream.topics.size() >= kMostTopics))
      return PORTICO_E_INVALID;
    stream.topics.insert(text_of(topic));
    return PORTICO_OK;
  });
}

portico_status publish(const portico_host* host, portico_str topic, const portico_stream_event* event,
                       std::uint64_t* reached) {
  return host_call(host, {"streams.publish", kAnywhere}, nullptr, [&](State& s) -> portico_status {
    if (!is_event(*event) || !topic.size || topic.size > kMostTopic) return PORTICO_E_INVALID;
    std::uint64_t count = 0;
    const std::lock_guard lock(s.mutex);
    for (const auto& [handle, stream] : s.streams.all())
      if (stream->topics.count(text_of(topic)) && put(s, *stream, *event) == PORTICO_OK) ++count;
    if (reached) *reached = count;
    return PORTICO_OK;
  });
}

portico_status write(const portico_host* host, portico_handle handle, portico_str bytes, std::uint32_t mode,
                     std::uint64_t* taken) {
  if (taken) *taken = 0;
  return with(host, "streams.write", handle, [&](State& s, Stream& stream) -> portico_status {
    if (stream.events) return PORTICO_E_INVALID;
    if (stream.over() || s.left.count() <= 0) return PORTICO_E_STALE;
    if (s.slow && mode == PORTICO_WRITE_NOWAIT) return PORTICO_E_AGAIN;
    if (stream.length >= 0 &&
        stream.seen.body.size() + bytes.size > static_cast<std::uint64_t>(stream.length)) {
      stream.seen.cut = true;
      s.changed.notify_all();
      return PORTICO_E_INVALID;
    }
    stream.seen.body += view(bytes);
    if (taken) *taken = bytes.size;
    return PORTICO_OK;
  });
}

portico_status finish(const portico_host* host, portico_handle handle) {
  return with(host, "streams.finish", handle, [&](State& s, Stream& stream) -> portico_status {
    if (stream.over()) return PORTICO_E_STALE;
    const bool whole =
        stream.length < 0 || stream.seen.body.size() == static_cast<std::uint64_t>(stream.length);
    (whole ? stream.seen.finished : stream.seen.cut) = true;
    s.changed.notify_all();
    return whole ? PORTICO_OK : PORTICO_E_INVALID;
  });
}

void abort_stream(const portico_host* host, portico_handle handle) {
  auto& s = State::of(host);
  const std::lock_guard lock(s.mutex);
  const auto stream = s.streams.find(handle);
  if (!stream || stream->over()) return;
  stream->seen.cut = true;
  s.changed.notify_all();
}

portico_status read(const portico_host* host, portico_handle handle, char* buffer, std::uint64_t size,
                    std::uint64_t* got, portico_error* error) {
  return host_call(host, {"streams.read", kRequest}, error, [&](State& s) -> portico_status {
    const std::lock_guard lock(s.mutex);
    const auto exchange = s.exchanges.find(handle);
    if (!exchange || exchange->reply) return PORTICO_E_STALE;
    if (!exchange->streamed_body) return PORTICO_E_INVALID;
    if (s.gone) throw Problem(400, "http.incomplete_body", "the client has gone");
    *got = std::min({size, kPiece, static_cast<std::uint64_t>(exchange->body.size() - exchange->read_at)});
    std::copy_n(exchange->body.data() + exchange->read_at, *got, buffer);
    exchange->read_at += *got;
    return PORTICO_OK;
  });
}

}  // namespace

Streamed TestHost::streamed(const Reply& reply) const {
  const std::lock_guard lock(state_->mutex);
  const auto stream = state_->streams.find(reply.stream);
  if (!stream) throw Fault("this answer has no stream");
  return stream->seen;
}

void TestHost::leave(const Reply& reply) {
  const std::lock_guard lock(state_->mutex);
  if (const auto stream = state_->streams.find(reply.stream)) stream->seen.client_gone = true;
  state_->changed.notify_all();
}

void TestHost::clients_slow(bool slow) {
  const std::lock_guard lock(state_->mutex);
  state_->slow = slow;
}

const portico_streams kStreams{sizeof(portico_streams), 0,     open_events, send,         subscribe, publish,
                               open_download,           write, finish,      abort_stream, read};

}  // namespace portico::testkit
