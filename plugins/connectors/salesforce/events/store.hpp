// The cursor of each channel, and what moves together with it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <portico/database.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "events/wire.hpp"

namespace salesforce::events {

/// Whoever holds the newest epoch of a channel may move its cursor.
struct Hold {
  std::int64_t epoch = 0;
  std::optional<std::string> replay_id;  // nothing: from the start
  std::optional<portico::Time> heard_at;
  bool too_old = false;  // heard of so long ago that the bus has forgotten what came next
};

struct ChannelState {
  std::string channel;
  std::optional<std::string> replay_id;
  bool connected = false, held = false;  // held: some replica's lease is good
  std::optional<portico::Time> heard_at, event_at;
  std::optional<std::int64_t> lag_ms;
  std::optional<portico::Time> missed_since, missed_found_at;
  std::optional<std::string> missed_reason;
  std::int64_t poison = 0;
};

/// An event with what it means: its effect, or why it has none.
struct Taken {
  RawEvent raw;
  std::string id;                                     // not empty, of its own
  std::string poison;                                 // why it cannot be read; empty: it can
  std::function<void(portico::Transaction&)> effect;  // empty: of no interest
  std::optional<portico::Time> made_at;
};

struct Counts {
  int fresh = 0, repeated = 0, poison = 0;
};

class Store {
 public:
  Store(portico::Database& database, std::string owner, std::chrono::milliseconds lease)
      : database_(database), owner_(std::move(owner)), lease_(lease) {}

  /// Takes the channel over where nobody else holds it. Nothing: somebody does.
  std::optional<Hold> acquire(std::string_view channel) const;
  /// False: it is not ours any more.
  bool renew(std::string_view channel, std::int64_t epoch, bool connected) const;
  void release(std::string_view channel, std::int64_t epoch) const;

  /// In one transaction: marks the events as taken, runs the effects of those that were not before, keeps the
  /// unreadable ones, moves the cursor.
  ///
  /// replay_id  empty: the cursor stays
  /// errors     Problem 409 crm.not_leader: another replica has taken over, nothing happened
  Counts commit(std::string_view channel, std::int64_t epoch, const std::vector<Taken>& events,
                std::string_view replay_id) const;

  /// The bus refuses the cursor: the one before it, at last none. events is told in the same transaction.
  void walk_back(
      std::string_view channel, std::int64_t epoch,
      const std::function<void(portico::Transaction&, std::optional<portico::Time>)>& missed) const;
  /// The cursor is older than what the bus keeps.
  void note_gap(std::string_view channel, std::int64_t epoch, std::optional<portico::Time> since,
                const std::function<void(portico::Transaction&)>& missed) const;

  ChannelState state(std::string_view channel) const;
  /// Forgets what is older than anything that the bus repeats.
  void tidy() const;

 private:
  portico::Database& database_;
  const std::string owner_;
  const std::chrono::milliseconds lease_;
};

}  // namespace salesforce::events
