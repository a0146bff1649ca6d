// Rate limits: by client address before anything is known of the caller, by user afterwards.
#include <fmt/format.h>

#include "kernel/policy/pipeline.hpp"

namespace kernel::policy {

using portico::Problem;
using Per = config::RateSetting::Per;

namespace {

struct Class {
  std::string name;
  config::RateSetting setting;
};

Class class_of(const Call& call) {
  const auto& spec = call.route->spec;
  const std::string name = !spec.rate_class.empty()                ? spec.rate_class
                           : spec.method != "GET"                  ? "write"
                           : spec.access == loader::Access::anyone ? "public"
                                                                   : "read";
  return {name, call.pipeline.settings.rates.at(name)};
}

/// An IPv6 customer has a whole /64; counting single addresses would count nothing.
std::string address_key(const std::string& address) {
  if (address.find(':') == std::string::npos) return address;
  std::size_t colons = 0, at = 0;
  for (; at < address.size() && colons < 4; ++at) colons += address[at] == ':';
  return address.substr(0, at);
}

Verdict take(Call& call, MayBlock may_block, const Class& rate, const std::string& subject) {
  auto& pipeline = call.pipeline;
  const cache::RateClass limit{rate.setting.count, rate.setting.period, rate.setting.count - 1};
  const auto key = fmt::format("{}/{}:{}", rate.name, limit.limit, subject);  // another limit counts anew
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
  throw Problem(429, "request.too_many", "rate class " + rate.name,
                static_cast<int>((decision.retry_after_ms + 999) / 1000));
}

}  // namespace

Verdict limit_by_address(Call& call, MayBlock may_block) {
  const auto rate = class_of(call);
  if (rate.setting.per != Per::address) return Verdict::pass;
  return take(call, may_block, rate, address_key(call.client_address));
}

Verdict limit_by_user(Call& call, MayBlock may_block) {
  const auto rate = class_of(call);
  if (rate.setting.per != Per::user) return Verdict::pass;
  return take(call, may_block, rate,
              call.principal->user_id.empty() ? address_key(call.client_address) : call.principal->user_id);
}

}  // namespace kernel::policy
