// One load per key at a time.
#include "kernel/cache/single_flight.hpp"

namespace kernel::cache {
namespace {

constexpr std::size_t kMaxFailures = 10'000;  // remembered at once

}  // namespace

Flight::End Flight::wait(Deadline deadline) {
  std::unique_lock lock(mutex);
  ended.wait_until(lock, deadline, [&] { return end != End::none; });
  return end;
}

std::pair<FlightPtr, bool> SingleFlight::join(const std::string& key, Snapshot snapshot) {
  const std::lock_guard lock(mutex_);
  FlightPtr& flight = flights_[key];
  // A load that began before a tag was raised is not for those who come after.
  if (flight && flight->snapshot.holds()) return {flight, false};
  flight = std::make_shared<Flight>(std::move(snapshot));
  return {flight, true};
}

void SingleFlight::answered(const std::string& key, const FlightPtr& flight, Answer answer) {
  flight->answer = std::move(answer);
  finish(key, flight, Flight::End::answered);
}

void SingleFlight::failed(const std::string& key, const FlightPtr& flight, std::exception_ptr error) {
  flight->error = std::move(error);
  finish(key, flight, Flight::End::failed);
}

void SingleFlight::abandoned(const std::string& key, const FlightPtr& flight) {
  finish(key, flight, Flight::End::abandoned);
}

void SingleFlight::finish(const std::string& key, const FlightPtr& flight, Flight::End end) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = flights_.find(key);
    if (found != flights_.end() && found->second == flight) flights_.erase(found);
  }
  {
    const std::lock_guard lock(flight->mutex);
    flight->end = end;
  }
  flight->ended.notify_all();
}

void SingleFlight::remember_failure(const std::string& key, std::exception_ptr error,
                                    const Snapshot& snapshot, WallTime now) {
  const std::lock_guard lock(mutex_);
  if (failures_.size() >= kMaxFailures)
    std::erase_if(failures_, [&](const auto& one) { return one.second.until <= now; });
  if (failures_.size() >= kMaxFailures) failures_.clear();
  failures_.insert_or_assign(key, Failure{std::move(error), snapshot, now + failure_life_});
}

std::exception_ptr SingleFlight::recent_failure(const std::string& key, WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = failures_.find(key);
  if (found == failures_.end()) return nullptr;
  if (now < found->second.until && found->second.snapshot.holds()) return found->second.error;
  failures_.erase(found);
  return nullptr;
}

}  // namespace kernel::cache
