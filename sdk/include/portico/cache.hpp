// Cached values of a plugin: one load per key at a time, tags, stale values while loading fails.
#pragma once

#include <portico/abi/cache.h>

#include <chrono>
#include <functional>
#include <portico/call.hpp>
#include <portico/contract.hpp>
#include <vector>

namespace portico {

struct CachePolicy {
  std::chrono::milliseconds fresh{0};
  std::chrono::milliseconds revalidate{0};  // served stale while one load renews it
  std::chrono::milliseconds stale{0};       // served stale only when loading fails
  std::vector<std::string> tags;
};

class Cache {
 public:
  explicit Cache(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_CACHE) {}

  /// load returns a contract. [request] [task] errors: those of load
  template <class F>
  auto get_or_load(std::string_view key, const CachePolicy& policy, F load) const {
    using T = decltype(load());
    const std::function<std::string()> text = [&] { return encode_text(load()); };
    return decode_text<T>(get_text(key, policy, text), Unknown::ignore);
  }
  void bust(std::string_view tag) const { table_->bust(host_, to_str(tag)); }

 private:
  struct Loading {
    const Cache* cache;
    const std::function<std::string()>* load;
  };
  static portico_status load(void* user, portico_handle reply, portico_error* error) noexcept {
    auto& loading = *static_cast<Loading*>(user);
    return call::guard(error, [&] {
      const auto text = (*loading.load)();
      loading.cache->table_->reply(loading.cache->host_, reply, to_str(text));
    });
  }
  std::string get_text(std::string_view key, const CachePolicy& policy,
                       const std::function<std::string()>& text) const {
    std::vector<portico_str> tags;
    for (const auto& tag : policy.tags) tags.push_back(to_str(tag));
    const portico_cache_policy raw{
        sizeof raw,           0,           policy.fresh.count(), policy.revalidate.count(),
        policy.stale.count(), tags.data(), tags.size()};
    Loading loading{this, &text};
    portico_buffer out{};
    std::int64_t age_ms = 0;
    auto error = call::empty_error();
    call::check(table_->get_or_load(host_, to_str(key), &raw, &Cache::load, &loading, &out, &age_ms, &error),
                error, "cache.get_or_load");
    return Leased(host_, out).str();
  }

  const portico_host* host_;
  call::Extension<portico_cache> table_;
};

}  // namespace portico
