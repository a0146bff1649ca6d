// One channel: takes the lead, keeps a stream open, commits what comes, asks for more.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <portico/plugin.hpp>

#include "client/session.hpp"
#include "events/meaning.hpp"
#include "events/schemas.hpp"
#include "events/store.hpp"

namespace salesforce::events {

struct SubscriptionSetting {
  std::string name;          // of its health check
  std::string channel;       // "/event/Name__e", "/data/CaseChangeEvent"
  bool from_latest = false;  // where nothing was ever taken: leave what is kept out
  int demand = 25;           // events asked for; refilled at half
  std::chrono::milliseconds lease{30'000};
  FulfilmentFields names;
};

/// Where the subscription's access comes from.
struct AccessSource {
  std::function<Access()> get;
  std::function<Access(std::uint64_t generation)> renew;
};

/// Thread-safe. tick() drives it; messages and ends come from the host.
class Subscription final : public portico::ChannelListener {
 public:
  Subscription(portico::Host& host, Store& store, Schemas& schemas, Announcer& announcer, AccessSource access,
               SubscriptionSetting setting);

  /// [task] Twice a second: takes the lead or keeps it, connects when it is time, ends what is silent.
  void tick();

  void on_message(portico::StreamId stream, std::string_view bytes) override;
  void on_end(portico::StreamId stream, const portico::ChannelEnd& end) override;

  const std::string& channel() const { return setting_.channel; }

 private:
  using Microseconds = std::chrono::microseconds;

  void lead();
  void connect();
  void keep();
  void refill(portico::StreamId stream);
  void commit(const std::vector<Taken>& events, std::string_view replay_id);
  void one_by_one(std::vector<Taken>& events);
  /// Tries again after a while that doubles. why: for health and log.
  void back_off(const std::string& why, Microseconds least = Microseconds(0));
  void lose_lead();
  void look_for_gap(const Hold& hold);
  void walk_back();
  portico::crm::EventsMissed missed(std::optional<portico::Time> since, const char* reason) const;
  Microseconds now() const { return host_.clock().monotonic(); }

  portico::Host& host_;
  Store& store_;
  Schemas& schemas_;
  Announcer& announcer_;
  const AccessSource access_;
  const SubscriptionSetting setting_;
  const std::string health_;  // name of the check

  std::mutex mutex_;  // of all below; not held in calls of the host that wait
  bool ticking_ = false, stopping_ = false;
  std::optional<std::int64_t> epoch_;  // we lead
  portico::StreamId stream_ = 0;
  bool open_ = false;
  Access current_;
  bool refused_access_ = false;
  Microseconds next_try_{0}, last_heard_{0}, last_renewed_{0};
  int failures_ = 0;    // since the last good batch
  int to_ask_ = 0;      // demand that could not be sent yet
  std::string cursor_;  // as committed
};

}  // namespace salesforce::events
