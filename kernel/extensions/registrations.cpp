// portico.tasks/1 and portico.pages/1: drafts of work and pages.
#include <portico/contract.hpp>

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/registering.hpp"

namespace kernel::extensions {

namespace {

using portico::Problem;

portico_status every(const portico_host* host, portico_str name, int64_t interval_ms, uint32_t where,
                     portico_task_fn fn, void* user, portico_error* error) {
  return guard(error, [&] {
    auto& plugin = plugin_of(host);
    require_starting(plugin);
    const auto text = text_of(name);
    const auto& tasks = plugin.manifest.tasks;
    if (std::find(tasks.begin(), tasks.end(), text) == tasks.end()) not_in_manifest("task " + text, "tasks");
    if (interval_ms < 100 || where > PORTICO_TASK_ONE_REPLICA || !fn)
      throw Problem(422, "plugin.task_invalid", text + ": interval below 100 ms or unknown place");
    plugin.registrations.tasks.push_back(
        {text, std::chrono::milliseconds(interval_ms), where == PORTICO_TASK_ONE_REPLICA, fn, user});
  });
}

loader::Access access_of(uint32_t raw) {
  if (raw > PORTICO_ACCESS_ADMIN) throw Problem(422, "plugin.page_invalid", "unknown access");
  return static_cast<loader::Access>(raw);
}

std::string page_path(const loader::Plugin& plugin, portico_str path) {
  auto text = text_of(path);
  if (!plugin.manifest.may_register_path(text, plugin.manifest.pages))
    not_in_manifest("page " + text, "pages");
  return text;
}

portico_status page(const portico_host* host, const portico_page* raw, portico_error* error) {
  return guard(error, [&] {
    auto& plugin = plugin_of(host);
    require_starting(plugin);
    plugin.registrations.pages.push_back({page_path(plugin, raw->path), access_of(raw->access),
                                          portico::parse_json(portico::view(raw->title))});
  });
}

portico_status navigation(const portico_host* host, const portico_navigation* raw, portico_error* error) {
  return guard(error, [&] {
    auto& plugin = plugin_of(host);
    require_starting(plugin);
    plugin.registrations.navigation.push_back({page_path(plugin, raw->path), access_of(raw->access),
                                               raw->order, portico::parse_json(portico::view(raw->label))});
  });
}

portico_status card(const portico_host* host, portico_str id, int64_t order, portico_error* error) {
  return guard(error, [&] {
    auto& plugin = plugin_of(host);
    require_starting(plugin);
    plugin.registrations.cards.push_back({text_of(id), order});
  });
}

portico_status shell(const portico_host* host, portico_error* error) {
  return guard(error, [&] {
    auto& plugin = plugin_of(host);
    require_starting(plugin);
    plugin.registrations.shell = true;
  });
}

}  // namespace

const portico_tasks kTasks{sizeof(portico_tasks), 0, &every};
const portico_pages kPages{sizeof(portico_pages), 0, &page, &navigation, &card, &shell};

}  // namespace kernel::extensions
