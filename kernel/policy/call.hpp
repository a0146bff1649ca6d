// One request on its way through the policies, into a plugin, and out as one answer.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <portico/problem.hpp>
#include <string>
#include <string_view>

#include "kernel/front/outflow.hpp"
#include "kernel/front/reactor.hpp"
#include "kernel/front/url.hpp"
#include "kernel/loader/call_scope.hpp"
#include "kernel/policy/cancellation.hpp"
#include "kernel/policy/published.hpp"

namespace kernel::policy {

/// Who calls. user_id is empty for nobody.
struct Principal {
  std::string user_id, session_id, roles, language;
  std::int64_t proved_at_us = 0;
  std::int64_t valid_until_us = 0;

  bool has_role(std::string_view role) const;
};

/// What a request holds while it is the only one that works under its Idempotency-Key. A later attempt, which
/// takes over when the claim has run out, has a higher epoch; what the earlier one writes then changes
/// nothing.
struct KeyClaim {
  std::string principal, route, key;
  std::int64_t epoch = 0;
};

class Pipeline;

class Call : public std::enable_shared_from_this<Call> {
 public:
  using Clock = std::chrono::steady_clock;

  /// exchange may be empty: then the answer is only captured (refreshing a cached answer).
  Call(Pipeline& pipeline, std::optional<front::Exchange> exchange,
       std::shared_ptr<const Published> published);
  ~Call();

  const front::Request& request() const { return own_request_ ? *own_request_ : exchange_->request(); }

  /// From here on the call holds its own copy of the request: an answer may come from another thread while
  /// plugin code still reads it.
  void own_request();

  /// A call with the same request and caller whose answer is captured.
  std::shared_ptr<Call> detached();

  /// Answers once; later answers are dropped and false is returned. Any thread.
  bool answer(front::Response response);
  bool fail(const portico::Problem& problem);
  /// Answers with this head and a body written in pieces; null when it is answered, or only captured.
  std::shared_ptr<front::Outflow> begin(front::Response head, front::OutflowSettings settings);

  /// Its body, once begun and as long as somebody writes it or takes it.
  std::shared_ptr<front::Outflow> begun() const { return begun_.lock(); }

  /// The host answers in the plugin's place, and the plugin hears of it.
  bool give_up(const portico::Problem& problem);

  /// The handler is called with this handle, which ends with it, or (after defer) with the answer.
  void call_as(portico_handle handle) { handle_.store(handle); }
  void defer();
  /// The handler has returned, or the plugin answers: nothing of it is called for this request any more.
  void settle_plugin();
  void end_handle();

  /// Once: fn is called on the plugin's lane when nobody waits for the answer any more.
  portico_status on_cancel(portico_cancel_fn fn, void* user);

  bool answered() const { return answered_.load(std::memory_order_acquire); }
  bool cancelled() const;

  /// Waits for a captured answer until the deadline. errors: 504 request.deadline
  front::Response take_captured();

  /// The body, on a route that reads it in pieces; null where there is none. Known once the request is owned.
  const std::shared_ptr<front::Inflow>& inflow() const { return inflow_; }

  std::optional<std::string_view> parameter(std::string_view name) const;
  std::optional<std::string_view> query(std::string_view name);
  std::optional<std::string_view> cookie(std::string_view name);
  std::chrono::microseconds remaining() const;
  /// Borrows the texts of this call.
  loader::CallContext context() const;

  Pipeline& pipeline;
  const std::shared_ptr<const Published> published;
  const Route* route = nullptr;
  PathParameters parameters;
  std::string path;  // decoded
  std::string correlation_id;
  std::string client_address;
  std::string language;
  bool https = false;
  std::shared_ptr<const Principal> principal;  // null until authenticated; then never null
  std::optional<KeyClaim> key_claim;           // settled by the handler's answer (idempotency.hpp)
  bool replayed = false;                       // answered with what an earlier request did
  Clock::time_point started;
  Clock::time_point deadline;
  std::size_t next_policy = 0;
  std::string question;  // set with Verdict::later: whoever has the same one need not ask it too
  std::string asks;      // the question that others wait for this call to ask
  std::size_t waited_at = std::numeric_limits<std::size_t>::max();  // the policy at which it asked or waited
  std::atomic<bool> watched{false};                                 // for its deadline

 private:
  bool claim_answer();
  void end_deferral();
  std::shared_ptr<Cancellation> cancellation() const;
  void tell_plugin(const std::shared_ptr<Cancellation>& cancellation);

  mutable std::mutex exchange_mutex_;  // an answer ends what cancelled() asks
  std::optional<front::Exchange> exchange_;
  std::unique_ptr<front::Request> own_request_;
  std::shared_ptr<front::Inflow> inflow_;
  std::weak_ptr<front::Outflow> begun_;
  std::optional<front::Parameters> query_;
  std::atomic<bool> answered_{false};
  std::atomic<bool> deferred_{false};
  std::atomic<portico_handle> handle_{0};
  std::shared_ptr<Cancellation> cancellation_;  // under exchange_mutex_; shared with a call of it on a lane

  std::mutex captured_mutex_;
  std::condition_variable captured_ready_;
  std::optional<front::Response> captured_;
};

}  // namespace kernel::policy
