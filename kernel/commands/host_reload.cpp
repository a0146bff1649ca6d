// Changing plugins under a running host: the new ones start beside the old, one swap makes them visible, the
// old ones end when nobody is in them any more.
#include <fmt/format.h>

#include <thread>

#include "kernel/commands/host.hpp"
#include "kernel/extensions/table.hpp"
#include "kernel/extensions/upstreams.hpp"
#include "kernel/loader/library.hpp"
#include "kernel/loader/plugin_config.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::commands {

using loader::PluginPtr;
using observe::Level;
using portico::Problem;

namespace {

constexpr std::chrono::milliseconds kLook{10};   // between looks at whether requests have left
constexpr std::chrono::seconds kAfterCancel{5};  // for calls that were told to give up

bool contains(const std::vector<PluginPtr>& list, const PluginPtr& plugin) {
  return std::find(list.begin(), list.end(), plugin) != list.end();
}

/// Takes the running instance wherever neither its file nor its settings have changed.
void keep_unchanged(loader::Lineup& next, const loader::Lineup& before) {
  for (auto& plugin : next.order) {
    const auto running = before.find(plugin->id());
    if (!running || !serves(running->state()) || running->config != plugin->config ||
        running->sha256() != loader::sha256_of(plugin->folder / "plugin.so"))
      continue;
    std::replace(next.plugins.begin(), next.plugins.end(), plugin, running);
    plugin = running;
  }
}

/// One line for each plugin that could not be started.
std::string reasons(const std::vector<PluginPtr>& refused) {
  std::string out;
  for (const auto& plugin : refused)
    out += fmt::format("{}{}: {}: {}", out.empty() ? "" : "\n", plugin->id(), to_string(plugin->state()),
                       plugin->reason());
  return out;
}

/// Host settings that differ: they are read once, at the start.
std::vector<std::string> changed_host_keys(const config::Source& before, const config::Source& after) {
  std::vector<std::string> out;
  for (const auto& key : config::known_keys())
    if (before.find(key.key, key.variables) != after.find(key.key, key.variables)) out.push_back(key.key);
  return out;
}

/// What the one that stays or takes over calls as well is kept: requests wait in its lanes.
void forget_upstreams(const loader::Plugin& plugin, const loader::Plugin* other, outbound::Outbound& outbound,
                      outbound::rpc::Channels& channels) {
  for (const auto& [name, spec] : plugin.manifest.outbound) {
    if (other && other->manifest.outbound.contains(name)) continue;
    outbound.remove(extensions::upstream_name(plugin, name));
    channels.remove(extensions::upstream_name(plugin, name));
  }
}

/// Of a version that was refused, or that has taken over; calls that are under way come to their end.
void forget_starting_upstreams(const loader::Plugin& plugin, outbound::Outbound& outbound,
                               outbound::rpc::Channels& channels) {
  for (const auto& [name, spec] : plugin.manifest.outbound) {
    const auto starting = extensions::starting_upstream_name(plugin, name);
    outbound.remove(starting);
    channels.remove(starting);
  }
}

void log_holdings(const loader::Plugin& plugin) {
  for (const auto& line : plugin.ledger.lines())
    observe::log(Level::warning, "loader", "still held",
                 {{"plugin", plugin.id()},
                  {"kind", to_string(line.kind)},
                  {"place", line.place},
                  {"age_ms", line.age.count() / 1000}});
}

}  // namespace

Changes Host::reload() {
  const std::unique_lock alone(reloading_, std::try_to_lock);
  if (!alone)
    throw Problem(409, "plugin.change_under_way", "another change is under way; try again when it has ended",
                  5);
  const std::lock_guard changing(changing_);
  if (stopping_) throw Problem(409, "plugin.change_under_way", "the host is stopping", 5);
  if (!read_again_) throw Problem(501, "plugin.no_reload", "this command reads its configuration once");
  end_drained();
  const auto source = read_again_();
  config::Settings::read(*source);  // a fault anywhere refuses all of it
  const auto before = lineup();
  auto next = loader_.discover(*source);
  keep_unchanged(next, before);
  if (const auto refused = next.refused(); !refused.empty())
    throw Problem(422, "plugin.reload_refused", reasons(refused));
  for (const auto& refusal : next.refused_files)
    if (loader::is_enabled(refusal.file.parent_path().filename(), *source))
      throw Problem(422, "plugin.reload_refused",
                    refusal.file.string() + ": " + refusal.code + ": " + refusal.reason);

  if (retired_bytes_ > settings_.retired_limit)
    throw Problem(
        422, "plugin.too_many_retired",
        fmt::format("images of replaced plugins hold {} MB of at most {} (plugins.retired_limit_mb): "
                    "restart the host",
                    retired_bytes_ >> 20, settings_.retired_limit >> 20));
  Changes changes;
  std::shared_ptr<const policy::Published> published;
  try {
    for (const auto& plugin : next.order) {
      if (contains(before.order, plugin)) continue;
      const auto running = before.find(plugin->id());
      plugin->beside = running && serves(running->state());
      extensions::add_upstreams(*plugin, outbound_, channels_, settings_.cluster_replicas);
    }
    loader_.start(next, services_, {&extensions::find_extension, &extensions::release_lease});
    if (const auto refused = next.refused(); !refused.empty())
      throw Problem(422, "plugin.reload_refused", reasons(refused));
    for (const auto& plugin : next.order)
      if (const auto why = plugin->failed_check(); !contains(before.order, plugin) && !why.empty())
        throw Problem(422, "plugin.reload_refused", plugin->id() + " is not well: " + why);
    published = policy::build_published(next.started(), builtins(), settings_);
  } catch (...) {
    undo(next, before);
    throw;
  }

  std::vector<PluginPtr> old, fresh;
  for (const auto& plugin : before.order)
    if (!contains(next.order, plugin)) old.push_back(plugin);
  for (const auto& plugin : next.order) {
    if (contains(before.order, plugin)) {
      changes.kept.push_back(plugin->id());
      continue;
    }
    const auto running = before.find(plugin->id());
    (running && serves(running->state()) ? changes.replaced : changes.started).push_back(plugin->id());
    fresh.push_back(plugin);
  }
  for (const auto& plugin : old)
    if (const auto now = next.find(plugin->id()); !now || !contains(next.order, now))
      changes.stopped.push_back(plugin->id());
  changes.at_next_start = changed_host_keys(source_, *source);

  for (const auto& plugin : old)
    scheduler_.remove(*plugin), jobs_.remove(*plugin), workflows_.remove(*plugin);
  for (const auto& plugin : fresh) {
    if (!plugin->beside.exchange(false)) continue;
    extensions::add_upstreams(*plugin, outbound_, channels_, settings_.cluster_replicas);
  }
  const std::weak_ptr<const policy::Published> previous = pipeline_.published();
  pipeline_.publish(std::move(published));
  loader::publish(next);
  {
    const std::lock_guard lock(mutex_);
    earlier_.push_back(previous);
    lineup_ = next;
  }
  begin(fresh);
  end(std::move(old), changes);
  for (const auto& plugin : fresh) forget_starting_upstreams(*plugin, outbound_, channels_);
  return changes;
}

void Host::undo(const loader::Lineup& next, const loader::Lineup& before) {
  for (auto it = next.order.rbegin(); it != next.order.rend(); ++it) {
    const auto& plugin = *it;
    if (contains(before.order, plugin)) continue;
    plugin->stop();
    plugin->retire();
    retired_bytes_ += plugin->retired_bytes();
    if (plugin->beside)
      forget_starting_upstreams(*plugin, outbound_, channels_);
    else
      forget_upstreams(*plugin, nullptr, outbound_, channels_);
  }
}

void Host::end(std::vector<PluginPtr> plugins, Changes& changes) {
  for (const auto& plugin : plugins) {
    plugin->drain("replaced or disabled");
    pipeline_.drain(*plugin);
    channel_streams_.drain(*plugin);
  }
  {
    const std::lock_guard lock(mutex_);
    draining_.insert(draining_.end(), plugins.rbegin(), plugins.rend());
  }
  const auto wait_until = [&](std::chrono::steady_clock::time_point latest) {
    for (;;) {
      end_drained();
      const bool done = draining().empty();
      if (done || stopping_ || std::chrono::steady_clock::now() >= latest) return done;
      std::this_thread::sleep_for(kLook);
    }
  };
  const auto drained_by = std::chrono::steady_clock::now() + settings_.plugin_drain;
  if (wait_until(drained_by)) return;
  for (const auto& plugin : draining()) plugin->cancel(), pipeline_.remove(*plugin);
  if (wait_until(std::chrono::steady_clock::now() + kAfterCancel)) return;
  for (const auto& plugin : draining()) {
    changes.still_draining.push_back(plugin->id());
    log_holdings(*plugin);
  }
}

void Host::look_at_draining() {
  const std::unique_lock changing(changing_, std::try_to_lock);
  if (changing && !stopping_) end_drained();
}

std::vector<PluginPtr> Host::draining() const {
  const std::lock_guard lock(mutex_);
  return draining_;
}

/// Stops those that no request can reach any more. A snapshot that a request still holds names all plugins of
/// its time, so the last of the earlier ones has to be gone.
void Host::end_drained() {
  std::vector<PluginPtr> ready;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(earlier_, [](const auto& snapshot) { return snapshot.expired(); });
    if (!earlier_.empty()) return;
    std::erase_if(draining_, [&](const PluginPtr& plugin) {
      if (plugin->ledger.calls() > 0) return false;
      ready.push_back(plugin);
      return true;
    });
  }
  const auto now = lineup();
  for (const auto& plugin : ready) {
    plugin->stop();
    plugin->retire();
    const auto successor = now.find(plugin->id());
    plugin->forget_health(successor.get());
    forget_upstreams(*plugin, contains(now.order, successor) ? successor.get() : nullptr, outbound_,
                     channels_);
    retired_bytes_ += plugin->retired_bytes();
    observe::log(Level::info, "loader", "plugin ended",
                 {{"plugin", plugin->id()},
                  {"version", plugin->manifest.version},
                  {"state", to_string(plugin->state())}});
  }
}

}  // namespace kernel::commands
