// portico.cache/1 in memory: ages by the test's clock, tags, one load per key at a time.
#include <portico/abi/cache.h>

#include <algorithm>

#include "state.hpp"

namespace portico::testkit {

namespace {

/// Loads the value; throws what the loader failed with.
std::string load_value(State& s, Scope* scope, const std::string& key, portico_cache_load_fn load,
                       void* user) {
  const auto slot = std::make_shared<Slot>();
  portico_handle handle;
  {
    const std::lock_guard lock(s.mutex);
    s.loads.add(handle = s.new_handle(), slot);
  }
  auto error = call::empty_error();
  if (scope) scope->loading.insert(key);
  const auto status = load(user, handle, &error);
  if (scope) scope->loading.erase(key);
  const std::lock_guard lock(s.mutex);
  s.loads.take(handle);
  if (status == PORTICO_E_PROBLEM && error.status) throw call::problem_of(error);
  if (status == PORTICO_OK && slot->text) return *slot->text;
  if (s.failed != "cache.reply") s.faults.push_back("the loader of cache key '" + key + "' gave no value");
  throw Problem(500, "cache.no_value", "the loader gave no value");
}

portico_status get_or_load(const portico_host* host, portico_str key, const portico_cache_policy* policy,
                           portico_cache_load_fn load, void* user, portico_buffer* out, std::int64_t* age_ms,
                           portico_error* error) {
  return host_call(host, {"cache.get_or_load", kRequest | kTask}, error, [&](State& s) {
    const auto name = text_of(key);
    auto* scope = Scope::current(s);
    if (scope && scope->is_loading(name)) {
      // The real host waits for the load that is under way: for itself, until the deadline.
      s.fault("cache.get_or_load asks for key '" + name + "' inside its own load");
      throw Problem(504, "request.deadline", "a load that waits for itself");
    }
    std::unique_lock lock(s.mutex);
    const auto entry_at = [&] {
      const auto it = s.cache.find(name);
      return it == s.cache.end() ? nullptr : &it->second;
    };
    const CacheEntry* entry = entry_at();
    const auto usable = [&](std::int64_t CacheEntry::*until) {
      return entry && s.now_locked() < entry->*until;
    };
    while (!usable(&CacheEntry::fresh_until_us)) {
      if (s.flights.count(name)) {
        if (usable(&CacheEntry::revalidate_until_us)) break;
        s.changed.wait(lock);
        entry = entry_at();
        continue;
      }
      s.flights.insert(name);
      lock.unlock();
      std::optional<Problem> failure;
      std::string text;
      try {
        text = load_value(s, scope, name, load, user);
      } catch (const Problem& problem) {
        failure = problem;
      }
      lock.lock();
      s.flights.erase(name);
      s.changed.notify_all();
      entry = entry_at();
      if (failure) {
        if (!usable(&CacheEntry::stale_until_us)) throw *failure;
        break;
      }
      const auto now = s.now_locked();
      const auto fresh = now + policy->fresh_ms * 1000;
      CacheEntry made{std::move(text),
                      now,
                      fresh,
                      fresh + policy->revalidate_ms * 1000,
                      fresh + policy->stale_ms * 1000,
                      {}};
      for (std::uint64_t i = 0; i < policy->tag_count; ++i) made.tags.push_back(text_of(policy->tags[i]));
      entry = &(s.cache[name] = std::move(made));
      break;
    }
    auto text = entry->text;
    *age_ms = (s.now_locked() - entry->made_us) / 1000;
    lock.unlock();
    *out = s.lease_text(std::move(text), "cache.get_or_load");
  });
}

portico_status reply(const portico_host* host, portico_handle handle, portico_str value) {
  return host_call(host, {"cache.reply", kRequest | kTask}, nullptr, [&](State& s) -> portico_status {
    const std::lock_guard lock(s.mutex);
    const auto slot = s.loads.find(handle);
    if (!slot) {
      s.faults.emplace_back("cache.reply was given a load that has ended or never was");
      return PORTICO_E_STALE;
    }
    slot->text = text_of(value);
    return PORTICO_OK;
  });
}

portico_status bust(const portico_host* host, portico_str tag) {
  return host_call(host, {"cache.bust", kRequest | kTask}, nullptr, [&](State& s) {
    const std::lock_guard lock(s.mutex);
    std::erase_if(s.cache, [&](const auto& entry) {
      const auto& tags = entry.second.tags;
      return std::find(tags.begin(), tags.end(), view(tag)) != tags.end();
    });
  });
}

}  // namespace

const portico_cache kCache{sizeof(portico_cache), 0, get_or_load, reply, bust};

}  // namespace portico::testkit
