// Numbering, look-up, and the file.
#include "examples/sandbox/pubsub/event_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::pubsub {

namespace json = boost::json;

namespace {

constexpr std::uint64_t kFirstReplay = 487'259;
constexpr std::uint64_t kMostReplay = std::uint64_t{1} << 53;  // what a JavaScript number holds
constexpr std::int64_t kFreshMs = 3'600'000;                   // a position older than this gets a new mark
constexpr std::size_t kSpareLines = 10'000;        // of forgotten events before the file is written anew
constexpr std::size_t kLongId = 10, kShortId = 8;  // bytes of replay ids

/// How far the numbers jump between batches: callers must not count on them.
std::uint64_t step_after(std::uint64_t replay) {
  constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15;
  return 1 + ((replay * kMix) >> 61);
}

std::string line_of(const Event& event) {
  return json::serialize(json::object{{"replay", event.replay},
                                      {"at_ms", event.at_ms},
                                      {"feed", event.feed},
                                      {"id", event.id},
                                      {"schema_id", event.schema_id},
                                      {"payload", salesforce::base64(event.payload)}}) +
         "\n";
}

Event event_of(const json::object& line) {
  Event event;
  event.replay = line.at("replay").to_number<std::uint64_t>();
  event.at_ms = line.at("at_ms").to_number<std::int64_t>();
  event.feed = line.at("feed").to_number<std::uint16_t>();
  event.id = line.at("id").as_string();
  event.schema_id = line.at("schema_id").as_string();
  event.payload = salesforce::read_base64(line.at("payload").as_string()).value_or("");
  return event;
}

}  // namespace

std::string replay_bytes(std::uint64_t replay) {
  std::string out(kLongId, '\0');
  for (std::size_t i = 0; i < kShortId; ++i) out[i] = static_cast<char>(replay >> (8 * (kShortId - 1 - i)));
  return out;
}

std::optional<std::uint64_t> replay_of(std::string_view bytes) {
  const bool fits = bytes.size() == kShortId || (bytes.size() == kLongId && bytes[8] == 0 && bytes[9] == 0);
  if (!fits) return std::nullopt;
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < kShortId; ++i) out = (out << 8) | static_cast<unsigned char>(bytes[i]);
  return out < kMostReplay ? std::optional(out) : std::nullopt;
}

EventLog::EventLog(std::string file) : file_(std::move(file)), last_replay_(kFirstReplay) {
  if (!file_.empty() && std::filesystem::exists(file_)) read();
}

void EventLog::read() {
  std::ifstream in(file_, std::ios::binary);
  std::string line;
  bool torn = false;
  while (!torn && std::getline(in, line)) {
    boost::system::error_code error;
    const auto value = json::parse(line, error);
    // The program was killed in the middle of the last line: that event was promised to nobody.
    torn = error || !value.is_object() || in.eof();
    if (torn) break;
    events_.push_back(event_of(value.get_object()));
    last_replay_ = events_.back().replay;
  }
  if (in.bad()) throw std::runtime_error("cannot read " + file_);
  in.close();
  lines_ = events_.size();
  while (events_.size() > kMost) events_.pop_front(), ++first_;
  if (torn) compact();
}

std::uint64_t EventLog::append(std::vector<Event> batch) {
  std::string lines;
  const std::uint64_t first = last_replay_ + step_after(last_replay_);
  std::uint64_t replay = first;
  for (auto& event : batch) {
    event.replay = replay++;
    if (!file_.empty()) lines += line_of(event);
  }
  write(lines, false);
  lines_ += batch.size();
  last_replay_ = replay - 1;
  for (auto& event : batch) events_.push_back(std::move(event));
  while (events_.size() > kMost) events_.pop_front(), ++first_;
  if (lines_ > events_.size() + kSpareLines) compact();
  return first;
}

void EventLog::drop_before(std::int64_t at_ms) {
  while (!events_.empty() && events_.front().at_ms < at_ms) events_.pop_front(), ++first_;
}

void EventLog::clear() {
  first_ = end();
  events_.clear();
  // The newest number stays on record, so that none is given twice.
  Event mark;
  mark.feed = kPosition;
  append({std::move(mark)});
  compact();
}

std::optional<std::uint64_t> EventLog::after(std::uint64_t replay) const {
  const auto found =
      std::lower_bound(events_.begin(), events_.end(), replay,
                       [](const Event& event, std::uint64_t wanted) { return event.replay < wanted; });
  if (found == events_.end() || found->replay != replay) return std::nullopt;
  return first_ + static_cast<std::uint64_t>(found - events_.begin()) + 1;
}

std::uint64_t EventLog::position(std::int64_t now_ms) {
  if (events_.empty() || events_.back().at_ms < now_ms - kFreshMs) {
    Event mark;
    mark.at_ms = now_ms;
    mark.feed = kPosition;
    append({std::move(mark)});
  }
  return events_.back().replay;
}

void EventLog::compact() {
  std::string lines;
  if (!file_.empty())
    for (const auto& event : events_) lines += line_of(event);
  write(lines, true);
  lines_ = events_.size();
}

void EventLog::write(const std::string& lines, bool anew) {
  if (file_.empty()) return;
  const std::string path = anew ? file_ + ".new" : file_;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (anew ? O_TRUNC : O_APPEND), 0600);
  bool good = fd >= 0;
  for (std::size_t done = 0; good && done < lines.size();) {
    const ssize_t count = ::write(fd, lines.data() + done, lines.size() - done);
    if (count < 0 && errno == EINTR) continue;
    good = count >= 0;
    if (good) done += static_cast<std::size_t>(count);
  }
  if (fd >= 0) ::close(fd);
  if (!good)
    throw std::runtime_error(
        fmt::format("cannot write {}: {}", path, std::generic_category().message(errno)));
  if (anew) std::filesystem::rename(path, file_);
}

}  // namespace sandbox::pubsub
