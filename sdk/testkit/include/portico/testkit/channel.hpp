// A connected system that speaks gRPC, played by the test.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <portico/channels.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace portico::testkit {

struct State;

/// What the plugin asked, or how it began a stream.
struct ChannelRequest {
  std::string upstream, lane, operation, method, message;
  Metadata metadata;
  bool write = false;

  /// The first member of that name; empty without one.
  std::string_view field(std::string_view name) const;
};

/// A stream that the plugin opened. deliver and end call the plugin, on the calling thread.
class OpenedStream {
 public:
  OpenedStream(State& state, StreamId id, ChannelRequest asked, portico_channel_handler handler);

  const ChannelRequest request;
  /// What the plugin has sent, the first message included.
  std::vector<std::string> sent() const;
  bool finished() const;  // the plugin sends nothing more
  bool ended() const;

  /// A message for the plugin. A failure cancels the stream, as the host does. errors: std::logic_error where
  /// it has ended
  void deliver(std::string_view bytes);
  /// The stream ends so; nothing where it has ended.
  void end(const ChannelEnd& end);

  // For the host.
  StreamId id() const { return id_; }
  portico_status send(std::string_view bytes, bool full);
  portico_status finish();
  void cancel();
  /// Tells the plugin of the end of a stream that it has cancelled.
  void settle();

 private:
  State& state_;
  const StreamId id_;
  const portico_channel_handler handler_;
  mutable std::mutex mutex_;
  std::vector<std::string> sent_;
  bool finished_ = false, cancelled_ = false, ended_ = false;
};

/// One upstream with "protocol": "grpc". Calls that nobody answers get 503 upstream.unavailable.
class Channel {
 public:
  using Answerer = std::function<ChannelReply(const ChannelRequest&)>;

  /// Answers calls; may throw a Problem, or an OutboundProblem. Called on the thread of the call.
  void answer_all(Answerer answer);
  /// Streams are refused so, before anything was sent; a Problem of status 0: no longer.
  void refuse_streams(Problem problem);
  /// send() says that the queue is full.
  void full(bool full);

  /// Every call so far.
  std::vector<ChannelRequest> calls() const;
  /// Every stream so far, the ended ones too.
  std::vector<std::shared_ptr<OpenedStream>> streams() const;

  // For the host.
  ChannelReply take(const ChannelRequest& request);
  void opened(std::shared_ptr<OpenedStream> stream);
  void check_open() const;
  bool is_full() const;

 private:
  mutable std::mutex mutex_;
  Answerer answer_;
  Problem refusal_{0, ""};
  bool full_ = false;
  std::vector<ChannelRequest> calls_;
  std::vector<std::shared_ptr<OpenedStream>> streams_;
};

}  // namespace portico::testkit
