// What every request passes, in order; a step that must block moves the request to the plugin's workers.
#pragma once

#include <atomic>
#include <memory>

#include "kernel/cache/cache.hpp"
#include "kernel/cache/rate_limit.hpp"
#include "kernel/config/settings.hpp"
#include "kernel/database/connection.hpp"
#include "kernel/policy/call.hpp"
#include "kernel/policy/deadlines.hpp"
#include "kernel/policy/gathering.hpp"
#include "kernel/policy/pending.hpp"
#include "kernel/policy/streams.hpp"

namespace kernel::policy {

/// pass: on to the next; answered: done; later: it has to block, and this thread may not.
enum class Verdict { pass, answered, later };
enum class MayBlock { no, yes };

/// One policy. Throws a Problem to refuse.
using Policy = Verdict (*)(Call&, MayBlock);

Verdict limit_by_address(Call&, MayBlock);
Verdict authenticate(Call&, MayBlock);
Verdict refuse_cross_site(Call&, MayBlock);
Verdict authorize(Call&, MayBlock);
Verdict limit_by_user(Call&, MayBlock);
Verdict claim_key(Call&, MayBlock);
Verdict serve_cached(Call&, MayBlock);
Verdict run_handler(Call&, MayBlock);

class Pipeline {
 public:
  Pipeline(const config::Settings& settings, cache::Cache& cache, cache::RateLimiter& limiter,
           database::Pool& database);
  ~Pipeline();

  /// The front's handler: runs on a reactor thread and never blocks.
  void handle(front::Exchange exchange);
  std::uint64_t body_limit(const front::Head& head) const;
  /// Is the body read in pieces, by a handler that is called when the head has come?
  bool streams_body(const front::Head& head) const;
  /// Refuses a body that nobody would read: of a request that needs an account and names none.
  std::optional<front::Refusal> refuse_body(const front::Head& head) const;
  front::Response refusal(int status, std::string_view code) const;

  /// Goes on with the next policy; resumes itself on a lane after "later".
  void advance(const std::shared_ptr<Call>& call, MayBlock may_block);

  /// Runs a builtin that blocks, on the host's own workers. errors: 503 service.busy
  void answer_on_host(const std::shared_ptr<Call>& call);
  /// Once an hour, in the background: idempotency keys that are kept no longer.
  void clean_keys();
  /// Ends those workers; what waits for them is refused.
  void stop() { host_lane_.stop(); }

  void forget(const Call& call) { deadlines_.forget(call); }
  /// Calls that wait for an answer or their deadline.
  std::size_t watched() const { return deadlines_.size(); }

  /// Answers the call when its deadline is past and nobody else has.
  void watch(const std::shared_ptr<Call>& call) { deadlines_.watch(call); }

  /// Adds what every answer carries, counts it, and logs it.
  void finish(Call& call, front::Response& response);

  void publish(std::shared_ptr<const Published> published);
  std::shared_ptr<const Published> published() const;

  /// "access" → "__Host-access", or "access_8080" in development. source: decided values, "Development
  /// address"
  std::string cookie_name(std::string_view base) const;
  std::string set_cookie(std::string_view base, std::string_view value, std::int64_t max_age_s) const;

  /// Event streams of a plugin that drains end; what it still owes and its downloads may come to their end.
  void drain(const loader::Plugin& plugin) { streams.drain(plugin); }
  /// What a plugin still owes is answered 503, and what it sends is cut. Before its lanes stop.
  void remove(const loader::Plugin& plugin) {
    pending.refuse(plugin);
    streams.remove(plugin);
  }

  const config::Settings& settings;
  cache::Cache& cache;
  cache::RateLimiter& limiter;
  cache::LocalLimiter local_limiter;
  database::Pool& database;
  Pending pending;
  Streams streams;
  std::function<void(Call&, int status)> audit;  // writes the row of an unsafe route

  void set_port(std::uint16_t port) {
    port_ = port;
    if (settings.development) cookie_suffix_ = "_" + std::to_string(port);
  }
  bool is_own_origin(std::string_view origin) const;

 private:
  void advance_on_worker(const std::shared_ptr<Call>& call);
  void end_question(Call& call);
  bool find_route(Call& call);
  bool serve_file_or_page(Call& call);
  std::string client_address(const front::Request& request, bool& https) const;

  std::shared_ptr<const Published> published_;  // by atomic_load and atomic_store
  std::uint16_t port_ = 0;
  std::string cookie_suffix_;  // in development, where several hosts share a name
  Deadlines deadlines_;
  Gathering gathering_;
  std::atomic<std::chrono::steady_clock::rep> keys_cleaned_{0};
  loader::Lane host_lane_;  // last: its workers use the rest
};

}  // namespace kernel::policy
