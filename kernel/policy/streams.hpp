// All answers that are being sent in pieces: their caps, topics, sessions, deadlines, and how each ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "kernel/policy/stream.hpp"

namespace kernel::policy {

struct StreamLimits {
  std::size_t in_all = 10'000;              // event streams of this host; beyond: 503
  std::size_t per_owner = 12;               // of one user, or of one address that is nobody's; beyond: 429
  std::chrono::milliseconds check{15'000};  // how often the session of an event stream is looked at
};
inline constexpr std::size_t kTopicsPerStream = 16;
inline constexpr std::size_t kTopicName = 128;  // bytes

/// Thread-safe. A handle is never given twice.
class Streams {
 public:
  using Flow = std::shared_ptr<front::Outflow>;

  Streams(Pipeline& pipeline, StreamLimits limits);
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// Answers the call by an event stream, or with this head and a body of that length.
  /// returns   its handle; 0 where the call is answered, or cannot be streamed
  /// errors    429 streams.too_many_of_user; 503 streams.too_many: the call is not answered
  portico_handle open_events(Call& call, std::chrono::milliseconds retry);
  portico_handle open_download(Call& call, front::Response head, std::optional<std::uint64_t> length);

  struct Found {
    Flow flow;                           // null: no such stream, or it has ended
    Stream::Clock::time_point deadline;  // until when a writer may wait
  };
  Found find(portico_handle handle, const loader::Plugin& plugin) const;

  /// A rendered event. One that finds no room ends the stream: full is answered once.
  front::Outflow::Result send(const Flow& flow, std::string_view event);

  /// gone: no such stream; too_much: more than kTopicsPerStream.
  front::Outflow::Result subscribe(portico_handle handle, const loader::Plugin& plugin,
                                   std::string_view topic);
  std::size_t publish(const loader::Plugin& plugin, std::string_view topic, std::string_view event);

  /// Event streams of that plugin end; its downloads may come to their end. Repeatable.
  void drain(const loader::Plugin& plugin);
  /// Event streams of that plugin end, its downloads are cut. Repeatable.
  void remove(const loader::Plugin& plugin);

  std::size_t size() const;

 private:
  struct State;
  portico_handle open(Call& call, Stream::Kind kind, front::Response head, front::OutflowSettings settings);
  void run();
  void look_at_all(std::unique_lock<std::mutex>& lock);
  void look_at_session(const std::shared_ptr<Stream>& stream, const Flow& flow);
  void end_all(const loader::Plugin& plugin, bool with_downloads);

  Pipeline& pipeline_;
  const StreamLimits limits_;
  const std::shared_ptr<State> state_;  // shared with streams whose end may come after ours
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kernel::policy
