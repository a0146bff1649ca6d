// Exchanges by their handles, and what plugins answer them with.
#pragma once

#include <portico/abi/exchange.h>

#include <memory>

#include "kernel/front/message.hpp"
#include "kernel/policy/call.hpp"

namespace kernel::extensions {

/// The call behind a handle of this plugin; null when it has ended.
std::shared_ptr<policy::Call> find_exchange(const portico_host* host, portico_handle handle);

/// Status, content type and headers of an answer. False where it cannot be sent.
bool read_head(const portico_answer& answer, front::Response& response);

}  // namespace kernel::extensions
