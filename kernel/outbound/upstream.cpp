// Lanes with their gauges, and the counters of an upstream.
#include "kernel/outbound/upstream.hpp"

#include "kernel/observe/health.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/outbound/job.hpp"

namespace kernel::outbound {
namespace {

constexpr std::array<int, 3> kWeights = {6, 3, 1};  // by Priority
constexpr double kRefreshShare = 0.25;              // of what the background has

std::size_t place(Priority priority) {
  return static_cast<std::size_t>(priority);
}

/// Of `whole` places, those that all of this class and below may take; at least one where there is any.
int share_of(Priority priority, int whole, double background) {
  if (priority == Priority::interactive) return whole;
  const double share = priority == Priority::job ? background : background * kRefreshShare;
  return std::min(whole, std::max(1, static_cast<int>(whole * share)));
}

std::int64_t in_ms(Clock::duration d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

}  // namespace

std::string_view to_string(BreakerState state) noexcept {
  switch (state) {
    case BreakerState::closed:
      return "closed";
    case BreakerState::half_open:
      return "half_open";
    case BreakerState::open:
      return "open";
  }
  return "open";
}

Lane::Lane(const std::string& upstream, std::string name, const LaneSettings& settings,
           const BreakerSettings& breaker, std::function<double()> random)
    : upstream_(upstream),
      name_(std::move(name)),
      settings_(settings),
      breaker_(breaker, std::move(random)),
      in_flight_gauge_(observe::gauge("portico_outbound_in_flight", "Calls that an upstream works on.",
                                      {{"upstream", upstream_}, {"lane", name_}})),
      queued_gauge_(observe::gauge("portico_outbound_queued", "Calls that wait for room in their lane.",
                                   {{"upstream", upstream_}, {"lane", name_}})),
      breaker_gauge_(observe::gauge("portico_outbound_breaker_state", "0 closed, 1 half open, 2 open.",
                                    {{"upstream", upstream_}, {"lane", name_}})),
      opened_(observe::counter("portico_outbound_breaker_opened_total", "How often the breaker opened.",
                               {{"upstream", upstream_}, {"lane", name_}})) {
  breaker_gauge_.set(0);
}

int Lane::in_flight() const noexcept {
  return lines_[0].in_flight + lines_[1].in_flight + lines_[2].in_flight;
}

int Lane::queued() const noexcept {
  return static_cast<int>(lines_[0].waiting.size() + lines_[1].waiting.size() + lines_[2].waiting.size());
}

void Lane::started(Priority priority, Clock::time_point now) noexcept {
  ++lines_[place(priority)].in_flight;
  in_flight_gauge_.add(1);
  if (settings_.rate > 0) tat_ = std::max(tat_, now) + settings_.rate_period / settings_.rate;
}

void Lane::ended(Priority priority) noexcept {
  --lines_[place(priority)].in_flight;
  in_flight_gauge_.add(-1);
}

void Lane::push(Job& job) {
  auto& waiting = lines_[place(job.request.priority)].waiting;
  job.queue_place = waiting.insert(waiting.end(), &job);
  queued_gauge_.add(1);
}

void Lane::take_out(Job& job) {
  lines_[place(job.request.priority)].waiting.erase(job.queue_place);
  queued_gauge_.add(-1);
}

Job* Lane::front() const noexcept {
  for (const auto& line : lines_)
    if (!line.waiting.empty()) return line.waiting.front();
  return nullptr;
}

bool Lane::has_room(Priority priority) const noexcept {
  // A class counts with those below it: what refreshes take, jobs do not have.
  int taken = 0;
  for (std::size_t i = place(priority); i < lines_.size(); ++i) taken += lines_[i].in_flight;
  return in_flight() < settings_.concurrency &&
         taken < share_of(priority, settings_.concurrency, settings_.background_share) &&
         (priority != Priority::refresh || has_room(Priority::job));
}

Job* Lane::next() const noexcept {
  const Line* best = nullptr;
  int best_weight = 0;
  for (const auto priority : {Priority::interactive, Priority::job, Priority::refresh}) {
    const auto& line = lines_[place(priority)];
    if (line.waiting.empty() || !has_room(priority)) continue;
    const int weight = kWeights[place(priority)];
    if (best && line.in_flight * best_weight >= best->in_flight * weight) continue;
    best = &line, best_weight = weight;
  }
  return best ? best->waiting.front() : nullptr;
}

bool Lane::overfull(Priority priority) const noexcept {
  int waiting = 0;
  for (std::size_t i = place(priority); i < lines_.size(); ++i)
    waiting += static_cast<int>(lines_[i].waiting.size());
  return queued() > settings_.queue ||
         waiting > share_of(priority, settings_.queue, settings_.background_share) ||
         (priority == Priority::refresh && overfull(Priority::job));
}

Clock::time_point Lane::paced_until() const noexcept {
  if (settings_.rate <= 0) return {};
  // A whole period's attempts may begin at once; then one each period / rate.
  return tat_ - settings_.rate_period + settings_.rate_period / settings_.rate;
}

bool Lane::publish_breaker(Clock::time_point now) {
  const BreakerState state = breaker_.state();
  if (state == shown_) return false;
  shown_ = state;
  breaker_gauge_.set(static_cast<double>(state));
  if (state == BreakerState::open) opened_.add();
  observe::log(state == BreakerState::open ? observe::Level::warning : observe::Level::info, "outbound",
               "breaker changed",
               {{"upstream", upstream_},
                {"lane", name_},
                {"state", to_string(state)},
                {"open_ms", in_ms(breaker_.remaining(now))}});
  return true;
}

Upstream::Upstream(UpstreamSettings settings, Target target, const std::function<double()>& random)
    : settings_(std::move(settings)),
      target_(std::move(target)),
      attempts_(observe::counter("portico_outbound_attempts_total", "Requests sent to an upstream.",
                                 {{"upstream", settings_.name}})),
      retries_(observe::counter("portico_outbound_retries_total", "Attempts after the first of a call.",
                                {{"upstream", settings_.name}})),
      retries_refused_(observe::counter("portico_outbound_retries_refused_total",
                                        "Retries that the budget did not allow.",
                                        {{"upstream", settings_.name}})) {
  for (const auto& [name, lane] : settings_.lanes) {
    lanes_.try_emplace(name, settings_.name, name, lane, settings_.breaker, random);
  }
}

Lane* Upstream::find_lane(std::string_view name) noexcept {
  const auto found = lanes_.find(name);
  return found == lanes_.end() ? nullptr : &found->second;
}

int Upstream::concurrency() const noexcept {
  int sum = 0;
  for (const auto& [name, lane] : settings_.lanes) sum += lane.concurrency;
  return sum;
}

void Upstream::count_call(const std::string& operation, Outcome outcome, double seconds) {
  constexpr std::size_t kMostOperations = 100;
  auto found = operations_.find(operation);
  if (found == operations_.end()) {
    const std::string label =
        operation.empty() || operations_.size() >= kMostOperations ? "other" : operation;
    if (label != operation) {
      found = operations_.find(label);
    }
    if (found == operations_.end()) {
      observe::Histogram& histogram =
          observe::histogram("portico_outbound_call_seconds", "Whole calls with queue and retries.",
                             {{"upstream", settings_.name}, {"operation", label}});
      found = operations_.emplace(label, OperationMetrics{&histogram, {}}).first;
    }
  }
  found->second.seconds->observe(seconds);
  observe::Counter*& counter = found->second.outcomes[outcome];
  if (!counter) {
    counter = &observe::counter("portico_outbound_calls_total", "Calls by how they ended.",
                                {{"upstream", settings_.name},
                                 {"operation", found->first},
                                 {"outcome", std::string(outbound::to_string(outcome))}});
  }
  counter->add();
}

void Upstream::report_health() const {
  bool open = false;
  bool probing = false;
  for (const auto& [name, lane] : lanes_) {
    open = open || lane.breaker().state() == BreakerState::open;
    probing = probing || lane.breaker().state() == BreakerState::half_open;
  }
  const observe::HealthState state = isolated || open ? observe::HealthState::failed
                                     : probing        ? observe::HealthState::degraded
                                                      : observe::HealthState::ok;
  observe::health().report(health_name(settings_.name), state,
                           isolated  ? "isolated by an administrator"
                           : open    ? "circuit open"
                           : probing ? "circuit half open"
                                     : "");
}

std::string health_name(std::string_view upstream) {
  return "upstream." + std::string(upstream);
}

}  // namespace kernel::outbound
