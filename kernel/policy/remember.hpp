// How verdicts on credentials are remembered, and how another plugin's code is called for a request.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kernel/policy/call.hpp"

namespace kernel::policy {

/// The cache tag that revoking a session busts.
std::string session_tag(std::string_view session_id);
std::string encode_principal(const Principal& principal);
/// Null for anything that is no principal.
std::shared_ptr<const Principal> decode_principal(std::string_view text);

/// Asks again whose a credential is, on a worker of the identity plugin where it is not remembered.
///
/// then   called once, on any thread: nobody's principal where the credential is good no more, null where
/// that
///        cannot be known now
void look_at_credential(Pipeline& pipeline, const std::string& credential,
                        std::function<void(std::shared_ptr<const Principal>)> then);

/// May this principal use what has that access?
bool may_use(loader::Access access, const Principal& principal);

/// Runs fn on a worker of that plugin (here, when this thread already is one) and waits until the call's
/// deadline.
///
/// errors    503 service.busy; 504 request.deadline (fn may still run: everything it touches must be its own)
portico_status run_on_plugin(Call& call, loader::Plugin& plugin, const std::function<portico_status()>& fn);

}  // namespace kernel::policy
