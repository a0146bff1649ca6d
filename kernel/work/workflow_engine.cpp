// One thread claims, renews and counts; the calls and what they lead to run on the plugins' lanes.
#include "kernel/work/workflow_engine.hpp"

#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"
#include "kernel/observe/random_id.hpp"

namespace kernel::work {

using Clock = std::chrono::steady_clock;
using observe::Level;

namespace {

constexpr std::int64_t kMostClaims = 16;  // in one transaction
constexpr std::chrono::milliseconds kSettleAgain{200};

std::int64_t workers_of(const loader::Plugin& plugin, const std::string& lane) {
  const auto it = plugin.manifest.lanes.find(lane);
  return it == plugin.manifest.lanes.end() ? 1 : it->second.workers;
}

void count_ending(const Progress& progress) {
  if (progress.state == WorkflowState::attention)
    observe::log(Level::warning, "workflows", "a workflow needs a person",
                 {{"workflow", progress.id}, {"kind", progress.kind}, {"code", progress.code}});
  if (!progress.ended()) return;
  observe::counter(
      "portico_workflow_ends_total", "Workflows that ended, by how",
      {{"kind", progress.kind}, {"outcome", boost::describe::enum_to_string(progress.state, "")}})
      .add();
}

}  // namespace

/// One workflow of one plugin that is here.
struct WorkflowEngine::Offered {
  loader::Plugin* plugin;  // these two end some time after `gone`
  const loader::WorkflowSpec* spec;
  const store::Offer offer;
  const std::string lane;
  const std::int64_t workers;
  bool gone = false;  // under the engine's mutex
};

struct WorkflowEngine::Claim {
  OfferedPtr offered;
  Progress progress;
};

/// A place among the calls of one lane; with a claim, its lease is renewed meanwhile.
class WorkflowEngine::Place {
 public:
  Place(WorkflowEngine& engine, OfferedPtr offered) : engine_(engine), offered_(std::move(offered)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    // All of it under the mutex: the engine may end as soon as the last place is free.
    const std::lock_guard lock(engine_.mutex_);
    engine_.held_.erase(held_);
    engine_.leave(*offered_);
    engine_.woken_ = true;
    engine_.wake_.notify_all();
  }
  /// Under the engine's mutex.
  void hold(const Progress& progress) {
    held_ = {progress.id, progress.epoch};
    engine_.held_.insert(held_);
  }

 private:
  WorkflowEngine& engine_;
  const OfferedPtr offered_;
  std::pair<std::string, std::int64_t> held_;
};

WorkflowEngine::WorkflowEngine(database::Pool& database, WorkflowSettings settings)
    : database_(database), settings_(std::move(settings)), owner_(observe::new_correlation_id()) {}

WorkflowEngine::~WorkflowEngine() {
  stop();
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return busy_.empty(); });
}

void WorkflowEngine::add(loader::Plugin& plugin) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& spec : plugin.registrations.workflows)
      offered_.push_back(
          std::make_shared<Offered>(Offered{&plugin,
                                            &spec,
                                            {plugin.id(), spec.kind, spec.revision, spec.shape},
                                            spec.lane,
                                            workers_of(plugin, spec.lane)}));
  }
  wake();
}

void WorkflowEngine::remove(loader::Plugin& plugin) {
  const std::lock_guard lock(mutex_);
  for (const auto& one : offered_)
    if (one->plugin == &plugin) one->gone = true;
  std::erase_if(offered_, [&](const auto& one) { return one->plugin == &plugin; });
}

void WorkflowEngine::start() {
  thread_ = std::thread([this] { run(); });
}

void WorkflowEngine::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void WorkflowEngine::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

bool WorkflowEngine::offers(const store::Offer& offer) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(offered_.begin(), offered_.end(), [&](const auto& one) { return one->offer == offer; });
}

void WorkflowEngine::at(const char* boundary) const {
  if (settings_.boundary) settings_.boundary(boundary);
}

double WorkflowEngine::spread() {
  const std::lock_guard lock(mutex_);
  return std::uniform_real_distribution<double>(0.5, 1.5)(random_);
}

database::Transaction WorkflowEngine::begin() {
  return database_.begin({database::Scope::system, {}, "workflows", "portico_kernel"},
                         Clock::now() + std::chrono::seconds(5));
}

void WorkflowEngine::run() {
  auto next_renewal = Clock::now() + settings_.renew;
  auto next_figures = Clock::now();
  for (;;) {
    bool more = false;
    try {
      if (Clock::now() >= next_renewal) {
        next_renewal = Clock::now() + settings_.renew;
        renew();
      }
      if (Clock::now() >= next_figures) {
        next_figures = Clock::now() + settings_.figures;
        measure();
      }
      more = claim_some();
    } catch (const std::exception& e) {
      observe::log(Level::warning, "workflows", "the store cannot be read", {{"detail", e.what()}});
    }
    const auto pause = std::chrono::duration_cast<Clock::duration>(settings_.poll * spread());
    std::unique_lock lock(mutex_);
    if (!more) wake_.wait_for(lock, pause, [&] { return stopping_ || woken_; });
    woken_ = false;
    if (stopping_) return;
  }
}

/// Of every kind the code added last, where a worker is free.
std::vector<WorkflowEngine::OfferedPtr> WorkflowEngine::free_offers() {
  const std::lock_guard lock(mutex_);
  std::vector<OfferedPtr> out;
  for (auto it = offered_.rbegin(); it != offered_.rend(); ++it) {
    const auto& one = **it;
    const auto same = [&](const OfferedPtr& other) { return other->offer == one.offer; };
    if (std::any_of(out.begin(), out.end(), same)) continue;
    out.push_back(*it);
  }
  std::erase_if(out, [&](const OfferedPtr& one) {
    const auto busy = busy_.find({one->plugin, one->lane});
    return busy != busy_.end() && busy->second >= one->workers;
  });
  return out;
}

bool WorkflowEngine::enter(const Offered& offered) {
  const std::lock_guard lock(mutex_);
  if (offered.gone || stopping_) return false;
  auto& busy = busy_[{offered.plugin, offered.lane}];
  if (busy >= offered.workers) return false;
  ++busy;
  return true;
}

void WorkflowEngine::leave(const Offered& offered) {
  const auto busy = busy_.find({offered.plugin, offered.lane});
  if (--busy->second == 0) busy_.erase(busy);
}

WorkflowEngine::OfferedPtr WorkflowEngine::find(const Progress& p,
                                                const std::vector<OfferedPtr>& among) const {
  const store::Offer wanted{p.plugin, p.kind, p.revision, p.shape};
  const auto it =
      std::find_if(among.begin(), among.end(), [&](const auto& one) { return one->offer == wanted; });
  return it == among.end() ? nullptr : *it;
}

/// What can be done without a call: a lost holder, the end of a wait. True where a call comes next.
bool WorkflowEngine::prepare(database::Transaction& tx, Progress& p) {
  if (p.state == WorkflowState::running) p.happen(ActEvent::lost, {}, spread());
  for (;;) {
    if (p.state == WorkflowState::waiting && !(p.due_set && (!p.due || p.due->count() > 0))) {
      EventDetails details;
      if (const auto signal = store::take_signal(tx, p)) {
        details.signal = *signal;
        p.happen(ActEvent::signal, details);
      } else if (p.plan_step().wait_ms > 0) {
        p.happen(ActEvent::time);
      } else {
        p.set_due(std::nullopt);  // woken for a signal that another step has taken
        return false;
      }
    } else if (p.calls_next()) {
      p.happen(ActEvent::begun);
      if (p.act == StepState::attempting || p.act == StepState::unknown) return true;
    } else {
      return false;
    }
  }
}

bool WorkflowEngine::claim_some() {
  const auto offers = free_offers();
  if (offers.empty()) return false;
  std::vector<store::Offer> wanted;
  for (const auto& one : offers) wanted.push_back(one->offer);
  std::vector<std::shared_ptr<Claim>> claims;
  std::vector<std::shared_ptr<Place>> places;
  std::vector<Progress> moved;
  auto tx = begin();
  const auto ids = store::lock_due(tx, wanted, kMostClaims);
  if (ids.empty()) return false;
  auto all = store::load(tx, ids);
  for (auto& progress : all) {
    auto offered = find(progress, offers);
    if (!offered || !enter(*offered)) continue;
    auto claim = std::make_shared<Claim>(Claim{std::move(offered), std::move(progress)});
    // Where this throws, known or not, nothing is called: what was claimed is lost, and found in time.
    places.push_back(std::make_shared<Place>(*this, claim->offered));
    claims.push_back(std::move(claim));
    auto& p = claims.back()->progress;
    if (prepare(tx, p)) {
      store::save(tx, p, {}, owner_, settings_.lease + settings_.grace);
    } else {
      store::save(tx, p);
      moved.push_back(p);
      places.pop_back();
      claims.pop_back();
    }
  }
  at("before the claim commits");
  tx.commit();
  at("after the claim committed");
  for (const auto& progress : moved) count_ending(progress);
  for (std::size_t i = 0; i < claims.size(); ++i) post(claims[i], std::move(places[i]));
  return !claims.empty() || !moved.empty();
}

void WorkflowEngine::post(const std::shared_ptr<Claim>& claim, std::shared_ptr<Place> place) {
  bool posted = false;
  {
    const std::lock_guard lock(mutex_);
    place->hold(claim->progress);
    // Under the mutex: after remove() the plugin and its lanes may end.
    auto* lane = claim->offered->gone ? nullptr : claim->offered->plugin->lane(claim->offered->lane);
    posted = lane &&
             lane->post({[this, claim, place] { call(*claim); }, [this, claim, place] { release(*claim); }});
  }
  if (!posted) release(*claim);
}

void WorkflowEngine::call(const Claim& claim) {
  bool may = false;
  {
    const std::lock_guard lock(mutex_);
    may = !claim.offered->gone && !stopping_;
  }
  if (!may) return release(claim);
  try {
    const auto outcome = call_step(*claim.offered->plugin, *claim.offered->spec, claim.progress);
    at("after the call");
    observe::counter(
        "portico_workflow_calls_total", "Calls of steps, by what they led to",
        {{"kind", claim.progress.kind}, {"outcome", boost::describe::enum_to_string(outcome.event, "")}})
        .add();
    const auto factor = spread();
    settle(claim, [&](Progress& now) { now.happen(outcome.event, outcome.details, factor); });
  } catch (const std::exception& e) {
    observe::log(Level::error, "workflows", "a call was lost",
                 {{"workflow", claim.progress.id}, {"detail", e.what()}});
  }
}

void WorkflowEngine::release(const Claim& claim) {
  try {
    settle(claim, [](Progress& now) { now.give_back(); });
  } catch (const std::exception& e) {
    observe::log(Level::error, "workflows", "a claim could not be given back",
                 {{"workflow", claim.progress.id}, {"detail", e.what()}});
  }
}

/// Stores what came of a claim, as long as nobody has taken it over.
void WorkflowEngine::settle(const Claim& claim, const std::function<void(Progress&)>& change) {
  const auto& id = claim.progress.id;
  const auto epoch = claim.progress.epoch;
  const auto until = Clock::now() + settings_.settle;
  for (;;) {
    try {
      auto tx = begin();
      if (!store::lock_held(tx, id, epoch)) {
        observe::counter("portico_workflow_stale_total", "Results dropped because another had taken over")
            .add();
        return;
      }
      auto now = store::load_one(tx, id);
      change(now);
      store::save(tx, now);
      at("before the result commits");
      tx.commit();
      at("after the result committed");
      count_ending(now);
      return;
    } catch (const portico::Problem& problem) {
      at("a result could not be stored");
      std::unique_lock lock(mutex_);
      if (problem.status == 503 && !stopping_ && Clock::now() < until) {
        wake_.wait_for(lock, kSettleAgain, [&] { return stopping_; });
        continue;
      }
      observe::log(Level::error, "workflows", "a result could not be stored",
                   {{"workflow", id}, {"code", problem.code}, {"detail", problem.detail}});
    }
    return;  // the lease runs out, and whoever takes over looks
  }
}

void WorkflowEngine::renew() {
  std::vector<store::Held> held;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, epoch] : held_) held.push_back({id, epoch});
  }
  if (held.empty()) return;
  auto tx = begin();
  store::renew(tx, held, settings_.lease + settings_.grace);
  tx.commit();
}

void WorkflowEngine::measure() {
  std::vector<store::Offer> offers;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& one : offered_) offers.push_back(one->offer);
  }
  auto tx = begin();
  const auto counts = store::count(tx, offers);
  tx.commit();
  for (const char* state : {"ready", "running", "waiting", "attention", "code"}) {
    const auto it =
        std::find_if(counts.begin(), counts.end(), [&](const auto& one) { return one.state == state; });
    const bool any = it != counts.end();
    observe::gauge("portico_workflow_instances", "Workflows that have not ended, by state",
                   {{"state", state}})
        .set(any ? static_cast<double>(it->count) : 0);
    observe::gauge("portico_workflow_oldest_seconds", "Since when the oldest of a state has not moved",
                   {{"state", state}})
        .set(any ? it->oldest_s : 0);
  }
}

}  // namespace kernel::work
