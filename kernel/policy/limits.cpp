// Rate limits: by client address before anything is known of the caller, by user afterwards.
#include "kernel/policy/pipeline.hpp"
#include "kernel/policy/rate_subject.hpp"

namespace kernel::policy {

using portico::Problem;
using Per = config::RateSetting::Per;

namespace {

Verdict take(Call& call, MayBlock may_block, const std::string& subject) {
  auto& pipeline = call.pipeline;
  const auto& rate = call.route->rate;
  const cache::RateClass limit{rate.count, rate.period, rate.count - 1};
  std::string key;
  key.reserve(call.route->rate_key.size() + subject.size());
  key.append(call.route->rate_key).append(subject);
  // Reads are many and cheap: each replica grants its share alone. What guards a password or a write is
  // exact.
  cache::Decision decision;
  if (call.route->spec.method == "GET") {
    auto share = limit;
    share.limit = std::max<std::int64_t>(1, limit.limit / pipeline.settings.cluster_replicas);
    share.burst = share.limit - 1;
    decision = pipeline.local_limiter.take(key, share);
  } else {
    if (may_block == MayBlock::no) return Verdict::later;
    decision = pipeline.limiter.take(key, limit);
  }
  if (decision.allowed) return Verdict::pass;
  throw Problem(429, "request.too_many", "rate class " + call.route->rate_name,
                static_cast<int>((decision.retry_after_ms + 999) / 1000));
}

}  // namespace

Verdict limit_by_address(Call& call, MayBlock may_block) {
  if (call.route->rate.per != Per::address) return Verdict::pass;
  return take(call, may_block, rate_address(call.client_address));
}

Verdict limit_by_user(Call& call, MayBlock may_block) {
  if (call.route->rate.per != Per::user) return Verdict::pass;
  return take(call, may_block,
              call.principal->user_id.empty() ? rate_address(call.client_address) : call.principal->user_id);
}

}  // namespace kernel::policy
