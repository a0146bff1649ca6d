// One thread that claims, renews and looks after; the calls and their settling happen on the plugins'
// workers.
#include <algorithm>
#include <boost/json.hpp>

#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"
#include "kernel/observe/random_id.hpp"
#include "kernel/work/job_attempt.hpp"

namespace kernel::work {

using observe::Level;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::minutes kTaskLimit{10};  // of one run; what takes longer is work for a queue
constexpr std::chrono::hours kSeen{1};          // how often subscriptions are marked as alive

/// What the row of a task says of it: another text means another plan.
std::string meaning_of(const loader::TaskSpec& task) {
  return boost::json::serialize(task.cron.empty() ? boost::json::object{{"every_ms", task.interval.count()}}
                                                  : boost::json::object{{"cron", task.cron}});
}

}  // namespace

JobRunner::JobRunner(database::Pool& database, const TimeZone& zone, JobRunnerSettings settings)
    : store_(database), zone_(zone), settings_(settings), claimer_(observe::new_correlation_id()) {}

JobRunner::~JobRunner() {
  stop();
}

// ---- plugins come and go ----

void JobRunner::add(loader::Plugin& plugin) {
  auto* lane = plugin.lane("tasks");
  const auto& registered = plugin.registrations;
  std::vector<std::shared_ptr<Handler>> fresh;
  for (const auto& spec : registered.queues)
    fresh.push_back(std::make_shared<Handler>(Handler{&plugin, lane, JobKind::queue, spec}));
  for (const auto& spec : registered.subscriptions)
    fresh.push_back(std::make_shared<Handler>(Handler{&plugin, lane, JobKind::event, spec}));
  for (const auto& task : registered.tasks) {
    if (!task.one_replica) continue;
    loader::WorkSpec spec;
    spec.name = task.name;
    spec.limit = kTaskLimit;
    std::optional<Cron> cron;
    if (!task.cron.empty()) cron = Cron::parse(task.cron);
    fresh.push_back(std::make_shared<Handler>(Handler{&plugin, lane, JobKind::schedule, spec, task, cron}));
  }
  {
    const std::lock_guard lock(mutex_);
    handlers_.insert(handlers_.end(), fresh.begin(), fresh.end());
  }
  if (thread_.joinable()) try_to_note_plugins();
  wake();
}

void JobRunner::try_to_note_plugins() {
  try {
    note_plugins();
  } catch (const std::exception& e) {
    observe::log(Level::warning, "work", "subscriptions and tasks are noted later", {{"detail", e.what()}});
  }
}

/// Subscriptions and tasks that have no row yet.
void JobRunner::note_plugins() {
  std::vector<std::shared_ptr<Handler>> missing;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& handler : handlers_)
      if (!handler->noted && !handler->removed) missing.push_back(handler);
  }
  for (const auto& handler : missing) {
    if (handler->kind == JobKind::event) store_.subscribe(handler->owner, {handler->spec.name});
    if (handler->kind == JobKind::schedule) {
      using Micros = std::chrono::sys_time<std::chrono::microseconds>;
      const Micros now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
      const Micros first =
          handler->cron ? Micros(handler->cron->next(std::chrono::floor<std::chrono::seconds>(now), zone_))
                        : now + spread(handler->task.interval, 0.1, 1);
      store_.schedule(handler->owner, handler->spec.name, meaning_of(handler->task),
                      {first.time_since_epoch().count()});
    }
    const std::lock_guard lock(mutex_);
    handler->noted = true;
  }
}

void JobRunner::remove(loader::Plugin& plugin) {
  give_back(not_begun(&plugin));
}

/// Takes the attempts of one plugin, or of all, that were not begun, and lets no more of it begin.
JobRunner::Attempts JobRunner::not_begun(const loader::Plugin* plugin) {
  Attempts taken;
  const std::lock_guard lock(mutex_);
  for (const auto& handler : handlers_) {
    if (plugin && handler->plugin != plugin) continue;
    handler->removed = true;
    taken.insert(taken.end(), handler->waiting.begin(), handler->waiting.end());
    handler->waiting.clear();
  }
  std::erase_if(handlers_, [](const auto& handler) { return handler->removed; });
  for (const auto& attempt : taken) held_.erase(attempt);
  return taken;
}

void JobRunner::give_back(const Attempts& attempts) {
  for (const auto& attempt : attempts) try {
      store_.give_back(attempt->claim);
    } catch (const std::exception& e) {
      // Its lease ends by itself.
      observe::log(Level::warning, "work", "work was not given back",
                   {{"queue", attempt->claim.queue}, {"id", attempt->claim.id}, {"detail", e.what()}});
    }
}

void JobRunner::start() {
  try_to_note_plugins();
  thread_ = std::thread([this] { run(); });
}

void JobRunner::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  give_back(not_begun(nullptr));
}

void JobRunner::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

// ---- the runner's own thread ----

void JobRunner::run() {
  pthread_setname_np(pthread_self(), "work");
  bool away = false;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    woken_ = false;
    lock.unlock();
    try {
      look();
      if (std::exchange(away, false)) observe::log(Level::info, "work", "durable work goes on");
    } catch (const std::exception& e) {
      if (!std::exchange(away, true))
        observe::log(Level::warning, "work", "durable work stands still", {{"detail", e.what()}});
    }
    lock.lock();
    auto until = Clock::now() + spread(settings_.poll, 0.8, 1.2);
    while (!due_.empty() && due_.top() <= Clock::now()) due_.pop();
    if (!due_.empty() && !away) until = std::min(until, due_.top());
    for (const auto& attempt : held_)
      if (attempt->alive(Clock::now())) until = std::min(until, attempt->renewed + attempt->claim.lease / 3);
    if (away) until = std::max(until, Clock::now() + settings_.poll);
    wake_.wait_until(lock, until, [&] { return stopping_ || woken_; });
  }
}

void JobRunner::look() {
  const auto now = Clock::now();
  const auto is_time = [&](Clock::time_point& last, Clock::duration pause) {
    if (now - last < pause) return false;
    last = now;
    return true;
  };
  bool any;
  std::vector<std::shared_ptr<Handler>> handlers;
  {
    const std::lock_guard lock(mutex_);
    handlers = handlers_;
    any = !handlers_.empty() || !held_.empty();
    if (is_time(seen_, kSeen))
      for (const auto& handler : handlers_)
        handler->noted = handler->noted && handler->kind != JobKind::event;
  }
  if (!any) return;
  settle_again();
  renew();
  note_plugins();
  if (is_time(expired_, settings_.expire)) store_.expire();
  for (const auto& handler : handlers) dispatch(handler);  // what found its lane full of other work
  while (claim_some()) renew();
  if (is_time(sampled_, settings_.sample)) sample();
  if (is_time(cleaned_, settings_.clean)) store_.clean();
}

/// True when there may be more.
bool JobRunner::claim_some() {
  std::vector<Wanted> wanted;
  std::vector<std::shared_ptr<Handler>> askers;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    for (const auto& handler : handlers_) {
      const int ahead = handler->kind == JobKind::schedule ? 0 : kAhead;
      const int waiting = static_cast<int>(handler->waiting.size());
      const int most = handler->spec.concurrency + ahead - handler->running - waiting;
      if (handler->removed || !handler->noted || waiting > ahead / 2 || most <= 0) continue;
      wanted.push_back(handler->wanted(most));
      askers.push_back(handler);
    }
  }
  if (wanted.empty()) return false;
  const auto claims = store_.claim(claimer_, wanted);
  Attempts late;
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      int got = 0;
      for (const auto& claim : claims) {
        if (claim.kind != wanted[i].kind || claim.owner != wanted[i].owner || claim.queue != wanted[i].queue)
          continue;
        // Two instances of one plugin ask for the same queue: the first takes what came.
        if (std::any_of(held_.begin(), held_.end(), [&](const auto& a) {
              return a->claim.id == claim.id && a->claim.epoch == claim.epoch;
            }))
          continue;
        ++got;
        const auto attempt = std::make_shared<Attempt>(askers[i], claim);
        if (askers[i]->removed || stopping_) {
          late.push_back(attempt);
        } else {
          held_.insert(attempt);
          askers[i]->waiting.push_back(attempt);
        }
      }
      full = full || got >= wanted[i].most;
    }
  }
  give_back(late);
  for (const auto& handler : askers) dispatch(handler);
  return full;
}

void JobRunner::renew() {
  Attempts due;
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    for (const auto& attempt : held_) {
      // Who takes longer than the limit gives no sign of life any more: somebody else tries.
      if (attempt->alive(now) && now - attempt->renewed >= attempt->claim.lease / 4) due.push_back(attempt);
    }
  }
  if (due.empty()) return;
  std::vector<const Claim*> claims;
  for (const auto& attempt : due) claims.push_back(&attempt->claim);
  const auto now = Clock::now();
  const auto still = store_.renew(claims);
  const std::lock_guard lock(mutex_);
  for (const auto& attempt : due) {
    const auto found = std::find_if(still.begin(), still.end(),
                                    [&](const auto& held) { return held.id == attempt->claim.id; });
    attempt->lost = found == still.end();
    attempt->cancelled = found != still.end() && found->cancel;
    attempt->renewed = now;
  }
}

/// What ended while PostgreSQL did not listen.
void JobRunner::settle_again() {
  for (;;) {
    std::shared_ptr<Attempt> attempt;
    {
      const std::lock_guard lock(mutex_);
      if (unsettled_.empty()) return;
      attempt = unsettled_.front();
      unsettled_.pop_front();
    }
    if (!settle(attempt)) return;  // it still does not
    const std::lock_guard lock(mutex_);
    held_.erase(attempt);
  }
}

void JobRunner::sample() {
  std::vector<Wanted> queues;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& handler : handlers_)
      if (handler->kind != JobKind::schedule) queues.push_back(handler->wanted(0));
  }
  if (queues.empty()) return;
  for (const auto& depth : store_.depths(queues)) {
    const auto labels = [&](const char* state) {
      observe::Labels out{
          {"kind", std::string(to_string(depth.kind))}, {"plugin", depth.owner}, {"queue", depth.queue}};
      if (state) out.emplace_back("state", state);
      return out;
    };
    const auto show = [&](const char* state, std::int64_t n) {
      observe::gauge("portico_queue_depth", "Jobs and deliveries by state", labels(state))
          .set(static_cast<double>(n));
    };
    show("ready", depth.ready);
    show("waiting", depth.waiting);
    show("running", depth.running);
    show("dead", depth.dead);
    observe::gauge("portico_queue_oldest_seconds", "How long the first that could run has waited",
                   labels(nullptr))
        .set(depth.oldest_s);
  }
}

}  // namespace kernel::work
