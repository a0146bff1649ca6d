// Which plugins can start, in what order, and why the others cannot.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernel/loader/manifest.hpp"

namespace kernel::loader {

struct Resolution {
  std::vector<std::string> order;               // providers before those that need them
  std::map<std::string, std::string> refusals;  // plugin → the reason, with the chain
};

/// enabled and disabled: manifests by id. Only enabled ones start; the others give better reasons
/// ("ledger does: enable it with plugins.ledger.enabled=true").
Resolution resolve(const std::map<std::string, Manifest>& enabled,
                   const std::map<std::string, Manifest>& disabled);

}  // namespace kernel::loader
