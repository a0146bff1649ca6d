// Requests to the upstreams named in the manifest.
#pragma once

#include <portico/abi/outbound.h>

#include <portico/call.hpp>
#include <vector>

namespace portico {

enum class OutboundKind { read = PORTICO_OUTBOUND_READ, write = PORTICO_OUTBOUND_WRITE };

struct OutboundRequest {
  std::string upstream;
  std::string operation;  // metric label
  std::string method = "GET";
  std::string path;  // below the base URL
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  OutboundKind kind = OutboundKind::read;
  std::string lane;  // empty: standard
};

struct OutboundResponse {
  int status;
  std::string content_type;
  std::string body;
};

class Outbound {
 public:
  explicit Outbound(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_OUTBOUND) {}

  /// Any HTTP status is an answer. [request] [task] errors: 503 upstream.unavailable, upstream.busy,
  /// upstream.circuit_open; 504 upstream.timeout, upstream.deadline; 502 upstream.too_large
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
                                       to_str(request.body)};
    portico_outbound_response out{};
    auto error = call::empty_error();
    call::check(table_->call(host_, &raw, &out, &error), error, "outbound.call");
    const Leased body(host_, out.body);
    return {out.status, std::string(view(out.content_type)), body.str()};
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
