// One upstream over gRPC: its lanes, breaker and budget behind a lock, its connection, what is under way.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>

#include "kernel/outbound/grpc/channels.hpp"
#include "kernel/outbound/upstream.hpp"

namespace kernel::outbound::rpc {

class OpenStream;

/// A place in a lane and the breaker's permit, until it is given back.
struct Place {
  Lane* lane = nullptr;
  Breaker::Permit permit = Breaker::Permit::refused;
  Clock::time_point since{};
};

/// shared by the table of channels and by the streams and calls that run under these settings.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  /// errors    500 upstream.settings
  Channel(ChannelSettings settings, Channels::Options options, bool isolated);

  const std::string& name() const noexcept { return upstream_.settings().name; }
  std::size_t message_limit() const noexcept { return upstream_.settings().body_limit; }

  Reply call(Call call);
  std::shared_ptr<Stream> open(Call call, std::shared_ptr<Listener> listener);
  void isolate(bool isolated);
  /// Ends everything; later calls are refused.
  void stop();
  void stats(std::vector<LaneStats>& out);

  /// Of a stream that connected, answered or failed before: what the breaker learns. Once a place.
  void settle(Place& place, Outcome outcome);
  /// Of one that has ended.
  void ended(const Place& place, Priority priority, const std::string& operation, const std::string& lane,
             Cause cause, const WireStatus& status);

 private:
  /// errors    503 upstream.busy, upstream.circuit_open, upstream.isolated, upstream.stopping; 504
  ///           upstream.deadline; 500 upstream.bad_request
  Place admit(const Call& call);
  void refuse(const Call& call, Outcome outcome, const char* why, int retry_after_s = 0);
  void give_back(Place& place, Outcome outcome);
  void publish(Lane& lane);
  WireChannel& connected();
  std::pair<WireStatus, std::string> attempt(const Call& call, Clock::time_point until);
  /// Waits before another attempt. False: no more of them.
  bool pause(const Call& call, int attempts, Outcome outcome, const WireStatus& status, bool& holds_retry);
  void report(const Call& call, Outcome outcome, int attempts, Clock::time_point started,
              std::string_view detail);

  const ChannelSettings settings_;
  const Channels::Options options_;
  const std::string address_;

  mutable std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  Upstream upstream_;
  std::unique_ptr<WireChannel> wire_;
  std::list<std::weak_ptr<WireCall>> calls_;
  std::list<std::weak_ptr<OpenStream>> streams_;
  bool stopped_ = false;
};

}  // namespace kernel::outbound::rpc
