// portico.events/1: published in the plugin's transaction, delivered as durable work of the subscriber.
#include "kernel/extensions/all.hpp"
#include "kernel/extensions/registering.hpp"
#include "kernel/extensions/tasks.hpp"

namespace kernel::extensions {

namespace {

portico_status publish(const portico_host* host, portico_handle transaction, portico_str name,
                       portico_str payload, const portico_publish_options* options, portico_error* error) {
  return guard(error, [&] {
    const auto& plugin = plugin_of(host);
    work::NewEvent event{plugin.id(), text_of(name), text_of(payload)};
    require_named(event.topic, plugin.manifest.events_published, "events.publishes");
    if (options) event.key = text_of(options->key), event.dedup_key = text_of(options->dedup_key);
    event.correlation_id = current_correlation();
    storing(host, transaction, "an event of a plugin",
            [&](database::Transaction& t) { services_of(host).jobs.store().publish(t, event); });
  });
}

portico_status subscribe(const portico_host* host, portico_str name, const portico_queue_options* options,
                         portico_job_fn fn, void* user, portico_error* error) {
  return guard(error, [&] {
    auto& plugin = plugin_of(host);
    require_starting(plugin);
    auto spec = work_spec(text_of(name), options, fn, user);
    require_named(spec.name, plugin.manifest.events_subscribed, "events.subscribes");
    auto& subscriptions = plugin.registrations.subscriptions;
    for (const auto& other : subscriptions)
      if (other.name == spec.name)
        throw portico::Problem(422, "plugin.task_invalid", spec.name + " is subscribed to twice");
    subscriptions.push_back(std::move(spec));
  });
}

}  // namespace

const portico_events kEvents{sizeof(portico_events), 0, &publish, &subscribe};

}  // namespace kernel::extensions
