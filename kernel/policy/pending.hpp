// Requests whose handler has returned and whose answer comes later: what each plugin still owes.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "kernel/loader/ledger.hpp"
#include "kernel/loader/plugin.hpp"

namespace kernel::policy {

class Call;

/// Thread-safe. Bounded by the connections of the front: each has at most its pipelined requests here.
class Pending {
 public:
  void add(const std::shared_ptr<Call>& call);
  void remove(const Call& call);

  /// Answers 503 to everything that plugin owes. Repeatable.
  void refuse(const loader::Plugin& plugin);

  std::size_t size() const;
  std::size_t size(const loader::Plugin& plugin) const;

 private:
  struct Owed {
    explicit Owed(const std::shared_ptr<Call>& call);
    std::weak_ptr<Call> call;
    const loader::Plugin* plugin;
    loader::Ledger::Entry line;  // its texts are the call's, which takes it out before it ends
  };
  mutable std::mutex mutex_;
  std::unordered_map<const Call*, Owed> owed_;
};

}  // namespace kernel::policy
