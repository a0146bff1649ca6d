// Event streams to browsers, downloads that are written in pieces, and uploads that are read in pieces.
#pragma once

#include <portico/abi/streams.h>

#include <optional>
#include <portico/answer.hpp>
#include <portico/call.hpp>

namespace portico {

/// One server-sent event. data may have several lines; id and event may not.
struct StreamEvent {
  std::string data;
  std::string event{};  // its type; empty: "message"
  std::string id{};     // comes back in Request::last_event_id of a client that reconnects
};

namespace stream {

inline portico_stream_event raw(const StreamEvent& event) {
  return {sizeof(portico_stream_event), 0, to_str(event.id), to_str(event.event), to_str(event.data)};
}

inline const portico_streams* table(const portico_host* host) {
  return call::Extension<portico_streams>(host, PORTICO_EXT_STREAMS).operator->();
}

}  // namespace stream

/// A client that listens. A name only: copy it freely, the stream lives until either side ends it.
class EventStream {
 public:
  EventStream(const portico_host* host, portico_handle handle) : host_(host), handle_(handle) {}

  /// Never waits. False: the client has gone, or was too far behind and has been cut off; it will reconnect.
  /// errors    422 sdk.invalid_argument an event that cannot be sent
  bool send(const StreamEvent& event) const {
    const auto raw = stream::raw(event);
    const auto status = stream::table(host_)->send(host_, handle_, &raw);
    if (status == PORTICO_E_INVALID) throw Problem(422, "sdk.invalid_argument", "not an event");
    return status == PORTICO_OK;
  }
  /// From now on it gets what Streams::publish sends under that topic. False: the client has gone.
  bool subscribe(std::string_view topic) const {
    const auto status = stream::table(host_)->subscribe(host_, handle_, to_str(topic));
    if (status == PORTICO_E_INVALID) throw Problem(422, "sdk.invalid_argument", "not a topic, or too many");
    return status == PORTICO_OK;
  }
  void close() const { stream::table(host_)->finish(host_, handle_); }
  portico_handle handle() const { return handle_; }

 private:
  const portico_host* host_;
  portico_handle handle_;
};

/// Streams by topic. [any]
class Streams {
 public:
  explicit Streams(const portico_host* host) : host_(host) {}

  /// To every stream of this host with that topic; other replicas are not reached.
  /// returns   how many
  std::uint64_t publish(std::string_view topic, const StreamEvent& event) const {
    std::uint64_t reached = 0;
    const auto raw = stream::raw(event);
    const auto status = stream::table(host_)->publish(host_, to_str(topic), &raw, &reached);
    if (status != PORTICO_OK) throw Problem(422, "sdk.invalid_argument", "not an event, or not a topic");
    return reached;
  }

 private:
  const portico_host* host_;
};

/// A body that is written in pieces. Movable; one writer at a time. Destroyed without finish() it cuts the
/// connection, so that nobody takes what came for the whole.
class Download {
 public:
  Download(const portico_host* host, portico_handle handle) : host_(host), handle_(handle) {}
  Download(Download&& other) noexcept : host_(other.host_), handle_(std::exchange(other.handle_, 0)) {}
  Download& operator=(Download&& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;
  ~Download() {
    if (handle_) call::guard(nullptr, [&] { stream::table(host_)->abort(host_, handle_); });
  }

  /// Waits for the client, at most until the request's deadline. False: stop, nobody reads any more.
  /// errors    500 sdk.call_failed more than the length
  bool write(std::string_view bytes) {
    return check(stream::table(host_)->write(host_, handle_, to_str(bytes), PORTICO_WRITE_WAIT, nullptr));
  }
  /// Takes what has room now and says how much; nothing when nobody reads any more.
  std::optional<std::size_t> offer(std::string_view bytes) {
    std::uint64_t taken = 0;
    const auto status =
        stream::table(host_)->write(host_, handle_, to_str(bytes), PORTICO_WRITE_NOWAIT, &taken);
    if (status == PORTICO_E_AGAIN) return 0;
    if (!check(status)) return std::nullopt;
    return static_cast<std::size_t>(taken);
  }
  /// The body is complete. False: the client had gone. errors: 500 sdk.call_failed less than the length
  bool finish() { return check(stream::table(host_)->finish(host_, std::exchange(handle_, 0))); }

 private:
  static bool check(portico_status status) {
    if (status == PORTICO_E_STALE) return false;
    call::check(status, call::empty_error(), "a download");
    return true;
  }

  const portico_host* host_;
  portico_handle handle_;
};

}  // namespace portico
