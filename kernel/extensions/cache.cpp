// portico.cache/1: the host's cache under the plugin's own names.
#include "kernel/extensions/all.hpp"
#include "kernel/extensions/table.hpp"
#include "kernel/loader/call_scope.hpp"
#include "kernel/loader/handles.hpp"

namespace kernel::extensions {

namespace {

using portico::Problem;

loader::Handles<std::optional<std::string>>& loads() {
  static loader::Handles<std::optional<std::string>> handles;
  return handles;
}

std::string own_name(const portico_host* host, portico_str name) {
  return plugin_of(host).id() + ":" + text_of(name);
}

portico_status get_or_load(const portico_host* host, portico_str key, const portico_cache_policy* policy,
                           portico_cache_load_fn load, void* user, portico_buffer* out, int64_t* age_ms,
                           portico_error* error) {
  return guard(error, [&] {
    cache::Policy rules;
    rules.ttl = std::chrono::milliseconds(policy->fresh_ms);
    rules.stale_while_revalidate = std::chrono::milliseconds(policy->revalidate_ms);
    rules.stale_if_error = std::chrono::milliseconds(policy->stale_ms);
    for (std::uint64_t i = 0; i < policy->tag_count; ++i)
      rules.tags.push_back(own_name(host, policy->tags[i]));
    const auto loader = [&]() -> cache::Loaded {
      const auto value = std::make_shared<std::optional<std::string>>();
      const auto handle = loads().add(value);
      auto failed = portico::call::empty_error();
      const auto status = load(user, handle, &failed);
      loads().take(handle);
      if (status == PORTICO_E_PROBLEM && failed.status) throw portico::call::problem_of(failed);
      if (status != PORTICO_OK || !*value) throw Problem(500, "cache.no_value", "the loader gave no value");
      return {std::move(**value), {}};
    };
    const auto answer = services_of(host).cache.get_or_load("plugin:" + own_name(host, key), rules, loader,
                                                            loader::current_deadline());
    const auto held = std::const_pointer_cast<cache::Entry>(answer.entry);
    *out = {held->value.data(), held->value.size(), lease(held, "a cached value")};
    *age_ms = answer.age.count();
  });
}

portico_status reply(const portico_host*, portico_handle handle, portico_str value) {
  const auto slot = loads().find(handle);
  if (!slot) return PORTICO_E_STALE;
  *slot = text_of(value);
  return PORTICO_OK;
}

portico_status bust(const portico_host* host, portico_str tag) {
  return guard(nullptr, [&] { services_of(host).cache.bust(own_name(host, tag)); });
}

}  // namespace

const portico_cache kCache{sizeof(portico_cache), 0, &get_or_load, &reply, &bust};

}  // namespace kernel::extensions
