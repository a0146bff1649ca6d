// gRPC calls and streams to the upstreams named in the manifest.
#pragma once

#include <portico/abi/channels.h>

#include <chrono>
#include <portico/outbound.hpp>
#include <vector>

namespace portico {

/// Names in lower case. Values may be secret: no log line has them.
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// The status codes of gRPC that callers tell apart; any other number may come.
enum class RpcCode : std::int32_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  permission_denied = 7,
  resource_exhausted = 8,
  internal = 13,
  unavailable = 14,
  unauthenticated = 16
};

/// A call, or how a stream begins.
struct ChannelCall {
  std::string upstream;
  std::string operation;  // metric label
  std::string method;     // "/package.Service/Method"
  Metadata metadata;
  std::string message;                     // serialized; of a stream: the first, or none
  OutboundKind kind = OutboundKind::read;  // of no meaning for a stream
  std::string lane;                        // empty: standard
  std::chrono::milliseconds timeout{0};    // of a whole call; 0: until the caller's deadline. Not of streams
  Priority priority = Priority::automatic;
};

/// The status a server gave.
struct RpcStatus {
  RpcCode code = RpcCode::ok;
  std::string text;
  Metadata trailers{};

  /// The first trailer of that lower-case name; empty without one.
  std::string_view trailer(std::string_view name) const {
    for (const auto& [key, value] : trailers)
      if (key == name) return value;
    return {};
  }
};

struct ChannelReply {
  RpcStatus status;
  std::string message;  // of status ok
  int attempts = 1;
};

enum class ChannelCause : std::uint32_t {
  answered = PORTICO_CHANNEL_ANSWERED,
  lost = PORTICO_CHANNEL_LOST,
  cancelled = PORTICO_CHANNEL_CANCELLED,
  stopping = PORTICO_CHANNEL_STOPPING,
  isolated = PORTICO_CHANNEL_ISOLATED,
  too_large = PORTICO_CHANNEL_TOO_LARGE
};

struct ChannelEnd {
  ChannelCause cause = ChannelCause::lost;
  RpcStatus status{};
};

using StreamId = portico_handle;

/// Whom the host tells of a stream: one call at a time, on the lane "tasks". Outlives the stream.
class ChannelListener {
 public:
  /// The next message is read when this has returned; an exception cancels the stream.
  virtual void on_message(StreamId stream, std::string_view bytes) = 0;
  /// The last call.
  virtual void on_end(StreamId stream, const ChannelEnd& end) = 0;

 protected:
  ~ChannelListener() = default;
};

enum class SendResult { taken, full, ended };

class Channels {
 public:
  explicit Channels(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_CHANNELS) {}

  /// Any status of the server is an answer. [request] [task] errors, as OutboundProblem: those of
  /// Outbound::call; 502 upstream.tls
  ChannelReply call(const ChannelCall& asked) const {
    const Raw raw(asked);
    portico_channel_reply out{};
    out.size = sizeof out;
    auto error = call::empty_error();
    try {
      call::check(table_->call(host_, &raw.call, &out, &error), error, "channels.call");
    } catch (Problem& problem) {
      throw OutboundProblem(std::move(problem), out.may_have_been_sent != 0);
    }
    const Leased message(host_, out.message);
    return {status_of(out.code, out.text, out.trailers), message.str(), static_cast<int>(out.attempts)};
  }

  /// Begins a stream in both directions; listener lives until on_end, or stop. [request] [task] errors, as
  /// Problem: those of call, before anything was sent; 503 service.stopping
  StreamId open(const ChannelCall& asked, ChannelListener& listener) const {
    const Raw raw(asked);
    const portico_channel_handler handler{sizeof handler, 0, &listener, &Channels::message, &Channels::end};
    StreamId stream = 0;
    auto error = call::empty_error();
    call::check(table_->open(host_, &raw.call, &handler, &stream, &error), error, "channels.open");
    return stream;
  }

  /// Never waits. [any] errors: 500 sdk.call_failed above the upstream's body_limit
  SendResult send(StreamId stream, std::string_view bytes) const {
    const auto status = table_->send(host_, stream, to_str(bytes));
    if (status == PORTICO_E_AGAIN) return SendResult::full;
    if (status == PORTICO_E_STALE) return SendResult::ended;
    call::check(status, call::empty_error(), "channels.send");
    return SendResult::taken;
  }
  /// Nothing more is sent. [any]
  void finish(StreamId stream) const { table_->finish(host_, stream); }
  /// on_end follows. [any]
  void cancel(StreamId stream) const { table_->cancel(host_, stream); }

 private:
  /// A call in the words of the ABI; borrows from it.
  struct Raw {
    explicit Raw(const ChannelCall& asked) {
      for (const auto& [name, value] : asked.metadata) fields.push_back({to_str(name), to_str(value)});
      call = {sizeof call,
              static_cast<std::uint32_t>(asked.kind),
              to_str(asked.upstream),
              to_str(asked.lane),
              to_str(asked.operation),
              to_str(asked.method),
              fields.data(),
              fields.size(),
              to_str(asked.message),
              asked.timeout.count(),
              static_cast<std::uint32_t>(asked.priority),
              0};
    }
    std::vector<portico_channel_field> fields;
    portico_channel_call call{};
  };

  static RpcStatus status_of(std::int32_t code, portico_str text, portico_str trailers) {
    return {static_cast<RpcCode>(code), std::string(view(text)), header_lines(view(trailers))};
  }
  static portico_status message(void* user, portico_handle stream, portico_str bytes,
                                portico_error* error) noexcept {
    return call::guard(error, [&] { static_cast<ChannelListener*>(user)->on_message(stream, view(bytes)); });
  }
  static void end(void* user, portico_handle stream, const portico_channel_end* raw) noexcept {
    call::guard(nullptr, [&] {
      const auto cause =
          raw->cause > PORTICO_CHANNEL_TOO_LARGE ? ChannelCause::lost : static_cast<ChannelCause>(raw->cause);
      static_cast<ChannelListener*>(user)->on_end(stream,
                                                  {cause, status_of(raw->code, raw->text, raw->trailers)});
    });
  }

  const portico_host* host_;
  call::Extension<portico_channels> table_;
};

}  // namespace portico
