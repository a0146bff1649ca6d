// What a status of gRPC is to the caller, the retry and the breaker.
#pragma once

#include <string>

#include "kernel/outbound/grpc/channels.hpp"
#include "kernel/outbound/outcome.hpp"

namespace kernel::outbound::rpc {

/// gRPC tells its own failures and the server's in the same words. Those of a server that matter to clients
/// come with trailers; UNAVAILABLE without any is a connection.
Outcome outcome_of(const WireStatus& status) noexcept;

/// The server answered, whatever it said.
bool is_answer(Outcome outcome) noexcept;

/// As of HTTP, for worth_retrying.
int http_status_of(const WireStatus& status) noexcept;

/// False only where no connection was made.
bool may_have_been_sent(const WireStatus& status) noexcept;

/// How a stream that nobody cancelled ended.
Cause cause_of(const WireStatus& status) noexcept;

/// errors    500 upstream.bad_request
void check_call(const Call& call, std::size_t message_limit);

/// host:port for gRPC. errors: 500 upstream.settings: a path, or no TLS to another machine
std::string address_of(const std::string& base_url);

}  // namespace kernel::outbound::rpc
