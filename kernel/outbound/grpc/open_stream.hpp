// One open stream: what waits to be sent, who is told, and how it ended.
#pragma once

#include <condition_variable>
#include <deque>
#include <optional>

#include "kernel/outbound/grpc/channel.hpp"

namespace kernel::outbound::rpc {

/// Lives until gRPC has said that it ended, whoever else has let it go.
class OpenStream final : public Stream, public WireReader, public std::enable_shared_from_this<OpenStream> {
 public:
  OpenStream(std::shared_ptr<Channel> channel, Place place, const Call& call,
             std::shared_ptr<Listener> listener);

  /// Once, before anything else.
  void begin(WireChannel& connection, const Call& call);

  Sent send(std::string bytes) override;
  void finish() override;
  void take_next() override;
  void cancel(Cause why) override;

  /// Until the listener has heard of the end.
  void wait();

  void on_connected() noexcept override;
  void on_message(std::string bytes) noexcept override;
  void on_written(bool taken) noexcept override;
  void on_end(const WireStatus& status) noexcept override;

 private:
  void write_next();
  void settle(Outcome outcome);

  const std::shared_ptr<Channel> channel_;
  const Priority priority_;
  const std::string operation_, lane_;

  std::mutex mutex_;  // of all below; never held while the listener or the channel is called
  std::condition_variable changed_;
  Place place_;
  bool settled_ = false;
  std::shared_ptr<Listener> listener_;
  std::shared_ptr<WireStream> wire_;
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool to_take_ = false;  // a message that the listener has
  bool writing_ = false, finishing_ = false, finished_ = false;
  std::optional<Cause> why_;  // of a cancellation
  bool ended_ = false, told_ = false;
};

}  // namespace kernel::outbound::rpc
