// Depth-first over "needs operation"; absences and cycles are refused with their chain.
#include "kernel/loader/dependencies.hpp"

#include <set>

namespace kernel::loader {

namespace {

using Manifests = std::map<std::string, Manifest>;

std::map<std::string, std::string> providers(const Manifests& manifests) {
  std::map<std::string, std::string> by_operation;
  for (const auto& [id, manifest] : manifests)
    for (const auto& operation : manifest.operations_provided) by_operation.emplace(operation, id);
  return by_operation;
}

class Solver {
 public:
  Solver(const Manifests& enabled, const Manifests& disabled)
      : enabled_(enabled), provider_(providers(enabled)), disabled_provider_(providers(disabled)) {}

  Resolution run() {
    for (const auto& [id, manifest] : enabled_)
      for (const auto& operation : manifest.operations_provided)
        if (const auto& first = provider_.at(operation); first != id)
          out_.refusals.emplace(id, "provides operation " + operation + ", which " + first +
                                        " provides already: disable one of them");
    for (const auto& [id, manifest] : enabled_) visit(id);
    return std::move(out_);
  }

 private:
  /// True when the plugin can start; places it after what it needs.
  bool visit(const std::string& id) {
    if (out_.refusals.count(id)) return false;
    if (done_.count(id)) return true;
    if (const auto on_path = std::find(path_.begin(), path_.end(), id); on_path != path_.end()) {
      std::string chain;
      for (auto it = on_path; it != path_.end(); ++it) chain += *it + " → ";
      for (auto it = on_path; it != path_.end(); ++it)
        out_.refusals[*it] = "they need each other: " + chain + id;
      return false;
    }
    path_.push_back(id);
    const auto& manifest = enabled_.at(id);
    for (const auto& operation : manifest.operations_required) {
      const auto provider = provider_.find(operation);
      if (provider == provider_.end()) {
        out_.refusals.emplace(
            id, "needs operation " + operation + ", which no enabled plugin provides" + remedy(operation));
        break;
      }
      if (provider->second != id && !visit(provider->second)) {
        out_.refusals.emplace(id, "needs operation " + operation + " of " + provider->second +
                                      ", which cannot start: " + out_.refusals[provider->second]);
        break;
      }
    }
    for (const auto& operation : manifest.operations_optional)
      if (const auto provider = provider_.find(operation);
          provider != provider_.end() && provider->second != id && !waits_for_path(provider->second))
        visit(provider->second);
    path_.pop_back();
    if (out_.refusals.count(id)) return false;
    done_.insert(id);
    out_.order.push_back(id);
    return true;
  }

  /// Whether it stands on the path or needs one that does: then it comes after, and what only would like to
  /// have it starts first.
  bool waits_for_path(const std::string& id) const {
    std::set<std::string> seen;
    std::vector<std::string> open{id};
    while (!open.empty()) {
      const auto next = open.back();
      open.pop_back();
      if (std::find(path_.begin(), path_.end(), next) != path_.end()) return true;
      if (!seen.insert(next).second) continue;
      for (const auto& operation : enabled_.at(next).operations_required)
        if (const auto provider = provider_.find(operation); provider != provider_.end())
          open.push_back(provider->second);
    }
    return false;
  }

  /// What would make an absent operation present.
  std::string remedy(const std::string& operation) const {
    if (const auto it = disabled_provider_.find(operation); it != disabled_provider_.end())
      return "; " + it->second + " does: enable it with plugins." + it->second + ".enabled=true";
    const auto name = operation.substr(0, operation.find('/') + 1);
    if (const auto it = provider_.lower_bound(name);
        !name.empty() && it != provider_.end() && it->first.rfind(name, 0) == 0)
      return "; " + it->second + " provides " + it->first + ": install versions that fit";
    return ": install a plugin that does";
  }

  const Manifests& enabled_;
  std::map<std::string, std::string> provider_, disabled_provider_;
  std::vector<std::string> path_;
  std::set<std::string> done_;
  Resolution out_;
};

}  // namespace

Resolution resolve(const Manifests& enabled, const Manifests& disabled) {
  return Solver(enabled, disabled).run();
}

}  // namespace kernel::loader
