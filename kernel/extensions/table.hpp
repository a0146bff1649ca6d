// The extension tables by id, and what they share: the calling plugin, errors, leases.
#pragma once

#include <portico/abi/host.h>

#include <memory>
#include <optional>
#include <portico/call.hpp>
#include <string>

#include "kernel/extensions/services.hpp"
#include "kernel/loader/plugin.hpp"

namespace kernel::extensions {

/// For portico_host.extension: null for an unknown id, or one that the manifest does not ask for.
const void* find_extension(const portico_host* host, const char* id);

/// For portico_host.release.
void release_lease(const portico_host* host, portico_handle lease);

inline loader::Plugin& plugin_of(const portico_host* host) {
  return *static_cast<loader::Plugin*>(host->context);
}
inline Services& services_of(const portico_host* host) {
  return *plugin_of(host).services;
}

/// Keeps anything alive until the plugin whose call this is releases it. what: constant text for the ledger.
portico_handle lease(std::shared_ptr<void> held, std::string_view what = "an output");
portico_buffer lease_text(std::string text);

/// A line in a plugin's ledger that may outlive the call that made it; the plugin stays with it.
class HeldLine {
 public:
  /// place: constant text.
  HeldLine(loader::Plugin& plugin, loader::Holding kind, std::string_view place)
      : plugin_(plugin.weak_from_this().lock()) {
    if (plugin_) line_.emplace(plugin_->ledger, kind, place);
  }

 private:
  std::shared_ptr<loader::Plugin> plugin_;
  std::optional<loader::Ledger::Entry> line_;
};

/// Runs fn for a plugin: a Problem becomes error and PORTICO_E_PROBLEM; nothing is thrown into plugin code.
using portico::call::guard;

inline std::string text_of(portico_str s) {
  return std::string(portico::view(s));
}

}  // namespace kernel::extensions
