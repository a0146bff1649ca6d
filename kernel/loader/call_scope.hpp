// The call into a plugin that is under way on this thread: whose it is, until when, for whom.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace kernel::loader {

class Plugin;

/// Nested calls (operations) inherit everything but the plugin.
struct CallContext {
  Plugin* plugin = nullptr;
  std::chrono::steady_clock::time_point deadline{};
  std::string correlation_id;
  std::string user_id;         // empty: nobody, or the system in a task
  std::string client_address;  // empty in a task
};

/// The gate: counts the call against the plugin and makes the context current on this thread.
///
/// The host's extensions read it; nothing of it crosses into plugin code.
class CallScope {
 public:
  explicit CallScope(CallContext context);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  /// Null outside any call (control calls such as start have one too).
  static const CallContext* current() noexcept;

 private:
  const CallContext* previous_;
  CallContext context_;
};

/// The current deadline, or now + 10 s outside a call.
std::chrono::steady_clock::time_point current_deadline();

}  // namespace kernel::loader
