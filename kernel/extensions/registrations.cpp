// portico.pages/1: drafts of pages, navigation and cards.
#include <portico/contract.hpp>

#include "kernel/extensions/all.hpp"
#include "kernel/extensions/registering.hpp"

namespace kernel::extensions {

namespace {

using portico::Problem;

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

const portico_pages kPages{sizeof(portico_pages), 0, &page, &navigation, &card, &shell};

}  // namespace kernel::extensions
