// Failures as application/problem+json (RFC 9457) with a dotted code and the correlation id.
#pragma once

#include <portico/problem.hpp>
#include <string_view>

#include "kernel/front/message.hpp"

namespace kernel::policy {

/// The answer to a failure; detail stays in the log.
front::Response problem_response(const portico::Problem& problem, std::string_view correlation_id);

/// A short English title by status; the client translates by code.
std::string_view problem_title(int status);

}  // namespace kernel::policy
