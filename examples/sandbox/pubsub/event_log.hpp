// The events of the bus in the order of their replay ids, kept for the retention and over restarts.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox::pubsub {

struct Event {
  std::uint64_t replay = 0;  // ascending, below 2^53, with gaps
  std::int64_t at_ms = 0;
  std::uint16_t feed = 0;
  std::string id;  // of the event, a UUID or what its producer gave it
  std::string schema_id;
  std::string payload;  // as published; perhaps not of the schema
};

/// The replay id of the wire: 8 bytes, big-endian, and two zeros.
std::string replay_bytes(std::uint64_t replay);
/// Of 8 or 10 bytes; nothing if they are no such id.
std::optional<std::uint64_t> replay_of(std::string_view bytes);

/// Events have two numbers: the replay id, which callers see, and the place, which counts every event ever
/// kept. One thread at a time.
///
/// On disk it is a file of its own, a line an event, added to and now and then written anew: the state file
/// is replaced whole at every change, which 50,000 events would make slow.
class EventLog {
 public:
  static constexpr std::size_t kMost = 200'000;       // events kept; the oldest go first
  static constexpr std::uint16_t kPosition = 0xFFFF;  // a feed nobody has: a mark to resume from

  /// file  "" keeps nothing. errors: std::runtime_error if it cannot be read
  explicit EventLog(std::string file);

  /// Adds in this order and gives them their replay ids: one batch is numbered without gaps. On disk when it
  /// returns (not synced).
  ///
  /// returns  the replay id of the first; the others follow it
  /// errors   std::runtime_error if it cannot be written
  std::uint64_t append(std::vector<Event> batch);
  /// Forgets what is older.
  void drop_before(std::int64_t at_ms);
  /// Forgets all; replay ids go on.
  void clear();

  std::uint64_t begin() const { return first_; }
  std::uint64_t end() const { return first_ + events_.size(); }
  const Event& at(std::uint64_t place) const { return events_[place - first_]; }
  /// The place behind the event with this replay id; nothing if none of those kept has it.
  std::optional<std::uint64_t> after(std::uint64_t replay) const;
  /// A replay id to resume from behind all there is: the newest event's, or a mark's where that is old.
  std::uint64_t position(std::int64_t now_ms);

 private:
  void read();
  void write(const std::string& lines, bool anew);
  void compact();

  std::string file_;
  std::deque<Event> events_;
  std::uint64_t first_ = 0;
  std::uint64_t last_replay_;
  std::size_t lines_ = 0;  // in the file
};

}  // namespace sandbox::pubsub
