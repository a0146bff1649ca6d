// Moves workflows: claims those whose turn it is, calls their steps on the plugin's workers, stores what
// came.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "kernel/loader/plugin.hpp"
#include "kernel/work/workflow_call.hpp"
#include "kernel/work/workflow_store.hpp"

namespace kernel::work {

struct WorkflowSettings {
  std::chrono::milliseconds poll{250};
  std::chrono::milliseconds lease{20'000};  // without a sign of life; a live call is renewed
  std::chrono::milliseconds renew{5'000};
  std::chrono::milliseconds grace{10'000};   // after the lease, before another takes over
  std::chrono::milliseconds settle{15'000};  // how long a result is tried to be stored
  std::chrono::milliseconds figures{10'000};
  /// Called at the durable boundaries, by name, for tests that end a process there.
  std::function<void(const char*)> boundary;
};

class WorkflowEngine {
 public:
  explicit WorkflowEngine(database::Pool& database, WorkflowSettings settings = {});
  /// Waits for the calls under way: stop their plugins first where that may take long.
  ~WorkflowEngine();

  /// The plugin's workflows begin to move. Where two offer the same revision, the one added last runs it.
  void add(loader::Plugin& plugin);
  /// Afterwards no call into the plugin begins; those under way end in its lanes and are still stored.
  void remove(loader::Plugin& plugin);

  void start();
  /// Nothing is claimed afterwards; what waits in a lane is given back. Calls under way end with their
  /// plugin.
  void stop();

  /// Something may be due now.
  void wake();

  /// Whether some code here fits an instance.
  bool offers(const store::Offer& offer) const;

 private:
  struct Offered;
  struct Claim;
  class Place;
  using OfferedPtr = std::shared_ptr<Offered>;

  void run();
  bool claim_some();
  std::vector<OfferedPtr> free_offers();
  OfferedPtr find(const Progress& progress, const std::vector<OfferedPtr>& among) const;
  bool prepare(database::Transaction& tx, Progress& progress);
  bool enter(const Offered& offered);
  void leave(const Offered& offered);  // under the mutex
  void post(const std::shared_ptr<Claim>& claim, std::shared_ptr<Place> place);
  void call(const Claim& claim);
  void settle(const Claim& claim, const std::function<void(Progress&)>& change);
  void release(const Claim& claim);
  void renew();
  void measure();
  void at(const char* boundary) const;
  double spread();
  database::Transaction begin();

  database::Pool& database_;
  const WorkflowSettings settings_;
  const std::string owner_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false, woken_ = false;
  std::vector<OfferedPtr> offered_;                      // last added last
  std::set<std::pair<std::string, std::int64_t>> held_;  // id and epoch of calls under way or in a lane
  std::map<std::pair<loader::Plugin*, std::string>, std::int64_t> busy_;  // per plugin and lane
  std::minstd_rand random_{std::random_device{}()};
  std::thread thread_;
};

}  // namespace kernel::work
