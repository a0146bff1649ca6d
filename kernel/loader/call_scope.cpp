// One pointer a thread, and a line in the ledger.
#include "kernel/loader/call_scope.hpp"

#include "kernel/loader/plugin.hpp"

namespace kernel::loader {

namespace {
thread_local const CallContext* t_current = nullptr;
}

KeptContext::KeptContext(const CallContext& context)
    : context_(context),
      correlation_id_(context.correlation_id),
      user_id_(context.user_id),
      client_address_(context.client_address),
      place_(context.place) {}

CallContext KeptContext::view() const {
  auto context = context_;
  context.correlation_id = correlation_id_;
  context.user_id = user_id_;
  context.client_address = client_address_;
  context.place = place_;
  return context;
}

CallScope::CallScope(const CallContext& context)
    : previous_(t_current),
      context_(context),
      ticket_(context.plugin->ledger, context.kind, context.place, context.correlation_id) {
  t_current = &context_;
}

CallScope::~CallScope() {
  t_current = previous_;
}

const CallContext* CallScope::current() noexcept {
  return t_current;
}

std::chrono::steady_clock::time_point current_deadline() {
  return t_current ? t_current->deadline : std::chrono::steady_clock::now() + std::chrono::seconds(10);
}

}  // namespace kernel::loader
