// The call into a plugin that is under way on this thread: whose it is, until when, for whom.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "kernel/loader/ledger.hpp"

namespace kernel::loader {

class Plugin;

/// Nested calls (operations) inherit everything but the plugin. The texts are borrowed.
struct CallContext {
  Plugin* plugin = nullptr;
  std::chrono::steady_clock::time_point deadline{};
  std::string_view correlation_id;
  std::string_view user_id;         // empty: nobody, or the system in a task
  std::string_view client_address;  // empty in a task
  Holding kind = Holding::control;
  std::string_view place;  // for people: "GET /api/reports/{id}", "nightly.clean"
};

/// A context with texts of its own, for work that goes on when its caller has left.
class KeptContext {
 public:
  explicit KeptContext(const CallContext& context);
  CallContext view() const;

 private:
  CallContext context_;
  std::string correlation_id_, user_id_, client_address_, place_;
};

/// The gate: a line in the plugin's ledger, and the context made current on this thread.
///
/// The host's extensions read it; nothing of it crosses into plugin code.
class CallScope {
 public:
  explicit CallScope(const CallContext& context);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  /// Null outside any call (control calls such as start have one too).
  static const CallContext* current() noexcept;

 private:
  const CallContext* previous_;
  const CallContext context_;
  const Ledger::Entry ticket_;
};

/// The current deadline, or now + 10 s outside a call.
std::chrono::steady_clock::time_point current_deadline();

}  // namespace kernel::loader
