// Requests to the upstreams named in the manifest.
#pragma once

#include <portico/abi/outbound.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <portico/call.hpp>
#include <vector>

namespace portico {

enum class OutboundKind { read = PORTICO_OUTBOUND_READ, write = PORTICO_OUTBOUND_WRITE };

/// Who waits for the answer: a person, a job, or nobody because what is shown is only made fresh. automatic:
/// a person in a request, else a job.
enum class Priority {
  automatic = PORTICO_PRIORITY_AUTO,
  interactive = PORTICO_PRIORITY_INTERACTIVE,
  job = PORTICO_PRIORITY_JOB,
  refresh = PORTICO_PRIORITY_REFRESH
};

struct OutboundRequest {
  std::string upstream;
  std::string operation;  // metric label
  std::string method = "GET";
  std::string path;  // below the base URL
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  OutboundKind kind = OutboundKind::read;
  std::string lane;                      // empty: standard
  std::chrono::milliseconds timeout{0};  // of the whole call; 0: until the caller's deadline
  Priority priority = Priority::automatic;
};

struct OutboundResponse {
  int status;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers{};  // names in lower case
  int attempts = 1;

  /// The first header of that lower-case name; empty without one.
  std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (key == name) return value;
    return {};
  }
};

/// A call without an answer.
class OutboundProblem : public Problem {
 public:
  OutboundProblem(Problem problem, bool sent) : Problem(std::move(problem)), may_have_been_sent(sent) {}

  /// False only where the upstream surely has not seen the request. A write that fails with true has an
  /// unknown outcome: look before repeating it.
  bool may_have_been_sent;
};

/// "name: value\n" for each, as hosts write headers and trailers.
inline std::vector<std::pair<std::string, std::string>> header_lines(std::string_view lines) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const auto line = lines.substr(0, end);
    if (const auto colon = line.find(": "); colon != line.npos)
      out.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
  }
  return out;
}

/// The body of a reply that is read while it comes. Movable; one reader at a time. Destroyed in the middle it
/// ends the call.
class IncomingBody {
 public:
  IncomingBody(const portico_host* host, const portico_outbound* table, portico_handle handle)
      : host_(host), table_(table), handle_(handle) {}
  IncomingBody(IncomingBody&& other) noexcept
      : host_(other.host_), table_(other.table_), handle_(std::exchange(other.handle_, 0)) {}
  IncomingBody& operator=(IncomingBody&&) = delete;
  ~IncomingBody() {
    if (handle_) table_->close(host_, handle_);
  }

  /// Waits for the next bytes; 0: the body is complete. [any]
  /// errors    as Outbound::call, where it broke off: what came must not be taken for the whole
  std::size_t read(char* into, std::size_t size) {
    std::uint64_t got = 0;
    auto error = call::empty_error();
    call::check(table_->read(host_, handle_, into, size, &got, &error), error, "outbound.read");
    return static_cast<std::size_t>(got);
  }

 private:
  const portico_host* host_;
  const portico_outbound* table_;
  portico_handle handle_;
};

struct IncomingReply {
  OutboundResponse head;             // its body is whole where the status is not 2xx, else empty
  std::optional<IncomingBody> body;  // where the status is 2xx
};

class Outbound {
 public:
  explicit Outbound(const portico_host* host)
      : host_(host), table_(host, PORTICO_EXT_OUTBOUND, offsetof(portico_outbound, open)) {}

  /// Any HTTP status is an answer. [request] [task] errors, as OutboundProblem: 503 upstream.unavailable,
  /// upstream.busy, upstream.circuit_open, upstream.isolated; 504 upstream.timeout, upstream.deadline; 502
  /// upstream.too_large
  OutboundResponse call(const OutboundRequest& request) const {
    return ask(request, [&](const portico_outbound_request& raw, portico_outbound_response& out,
                            portico_error& error) { return table_->call(host_, &raw, &out, &error); });
  }
  /// A read whose body may be large: waits for the head, the body is read while it comes. The upstream's
  /// time-out is for each silence; request.timeout and the caller's deadline are for the whole, reading
  /// included. body_limit: bytes. [request] [task]
  /// errors    as call; 500 upstream.bad_request a write; 500 sdk.host_too_old
  IncomingReply open(const OutboundRequest& request, std::uint64_t body_limit) const {
    const auto* const table = table_.with(offsetof(portico_outbound, close) + sizeof table_->close);
    portico_handle handle = 0;
    auto head = ask(request, [&](const portico_outbound_request& raw, portico_outbound_response& out,
                                 portico_error& error) {
      return table->open(host_, &raw, body_limit, &out, &handle, &error);
    });
    IncomingReply reply{std::move(head), std::nullopt};
    if (handle) reply.body.emplace(host_, table, handle);
    return reply;
  }
  /// Counts a reply that made no sense as a failure of the upstream.
  void report_bad_reply(std::string_view upstream) const {
    table_->report_bad_reply(host_, to_str(upstream));
  }

 private:
  template <class Function>
  OutboundResponse ask(const OutboundRequest& request, Function&& function) const {
    std::vector<portico_outbound_header> headers;
    for (const auto& [name, value] : request.headers) headers.push_back({to_str(name), to_str(value)});
    const portico_outbound_request raw{sizeof raw,
                                       static_cast<std::uint32_t>(request.kind),
                                       to_str(request.upstream),
                                       to_str(request.lane),
                                       to_str(request.operation),
                                       to_str(request.method),
                                       to_str(request.path),
                                       headers.data(),
                                       headers.size(),
                                       to_str(request.body),
                                       request.timeout.count(),
                                       static_cast<std::uint32_t>(request.priority),
                                       0};
    portico_outbound_response out{};
    out.size = sizeof out;
    auto error = call::empty_error();
    try {
      call::check(function(raw, out, error), error, "an outbound call");
    } catch (Problem& problem) {
      throw OutboundProblem(std::move(problem), out.may_have_been_sent != 0);
    }
    const Leased body(host_, out.body);
    return {out.status, std::string(view(out.content_type)), body.str(), header_lines(view(out.headers)),
            static_cast<int>(out.attempts)};
  }

  const portico_host* host_;
  call::Extension<portico_outbound> table_;
};

}  // namespace portico
