// Requests to the upstreams named in the manifest.
#pragma once

#include <portico/abi/outbound.h>

#include <chrono>
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

class Outbound {
 public:
  explicit Outbound(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_OUTBOUND) {}

  /// Any HTTP status is an answer. [request] [task] errors, as OutboundProblem: 503 upstream.unavailable,
  /// upstream.busy, upstream.circuit_open, upstream.isolated; 504 upstream.timeout, upstream.deadline; 502
  /// upstream.too_large
  OutboundResponse call(const OutboundRequest& request) const {
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
      call::check(table_->call(host_, &raw, &out, &error), error, "outbound.call");
    } catch (Problem& problem) {
      throw OutboundProblem(std::move(problem), out.may_have_been_sent != 0);
    }
    const Leased body(host_, out.body);
    return {out.status, std::string(view(out.content_type)), body.str(), header_lines(view(out.headers)),
            static_cast<int>(out.attempts)};
  }
  /// Counts a reply that made no sense as a failure of the upstream.
  void report_bad_reply(std::string_view upstream) const {
    table_->report_bad_reply(host_, to_str(upstream));
  }

 private:
  const portico_host* host_;
  call::Extension<portico_outbound> table_;
};

}  // namespace portico
