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

#include "kernel/front/reactor.hpp"
#include "kernel/front/url.hpp"
#include "kernel/loader/call_scope.hpp"
#include "kernel/policy/published.hpp"

namespace kernel::policy {

/// Who calls. user_id is empty for nobody.
struct Principal {
  std::string user_id, session_id, roles, language;
  std::int64_t proved_at_us = 0;
  std::int64_t valid_until_us = 0;

  bool has_role(std::string_view role) const;
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
  bool answered() const { return answered_.load(std::memory_order_acquire); }
  bool cancelled() const;

  /// Waits for a captured answer until the deadline. errors: 504 request.deadline
  front::Response take_captured();

  std::optional<std::string_view> parameter(std::string_view name) const;
  std::optional<std::string_view> query(std::string_view name);
  std::optional<std::string_view> cookie(std::string_view name);
  std::chrono::microseconds remaining() const;
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
  Clock::time_point started;
  Clock::time_point deadline;
  std::size_t next_policy = 0;
  std::string question;  // set with Verdict::later: whoever has the same one need not ask it too
  std::string asks;      // the question that others wait for this call to ask
  std::size_t waited_at = std::numeric_limits<std::size_t>::max();  // the policy at which it asked or waited
  std::atomic<bool> watched{false};                                 // for its deadline

 private:
  mutable std::mutex exchange_mutex_;  // an answer ends what cancelled() asks
  std::optional<front::Exchange> exchange_;
  std::unique_ptr<front::Request> own_request_;
  std::optional<front::Parameters> query_;
  std::atomic<bool> answered_{false};

  std::mutex captured_mutex_;
  std::condition_variable captured_ready_;
  std::optional<front::Response> captured_;
};

}  // namespace kernel::policy
