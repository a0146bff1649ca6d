// A Subscribe stream: demand in, events out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "examples/sandbox/pubsub/exchange.hpp"

namespace eventbus::v1 {
class FetchRequest;
class FetchResponse;
}  // namespace eventbus::v1

namespace sandbox::pubsub {

class Subscription final : public Exchange {
 public:
  using Exchange::Exchange;
  ~Subscription() override;

  /// Sends what is wanted and there. Under the bus's lock.
  void pump();
  /// Tears the stream off, or ends it with this error. Under the bus's lock.
  void cut(const std::string& code);
  /// {topic, demand, delivered, started}
  boost::json::object shown() const;

 protected:
  void handle(const std::string& message) override;
  void no_more() override;
  void idle() override;
  void ended() override;
  boost::json::object params_of(const std::string& message) const override;

 private:
  void deliver();
  void start(const eventbus::v1::FetchRequest& request);
  void ask(std::int64_t count);
  /// Fills the response from the log. False if the stream ends behind it.
  bool fill(eventbus::v1::FetchResponse& response);
  /// What happens to the next event; nothing if it has to wait first.
  std::optional<Verdict> verdict_for_next();
  void add(eventbus::v1::FetchResponse& response, const Event& event, FaultKind kind);
  void respond(eventbus::v1::FetchResponse& response);
  void keep_alive();
  /// The place of the next event for this topic from `place` on; the log's end if there is none yet.
  std::uint64_t next_from(std::uint64_t place) const;
  void pause(std::int64_t ms);

  std::optional<Topic> topic_;     // of the first request
  std::uint64_t cursor_ = 0;       // place of what comes next
  std::uint64_t last_replay_ = 0;  // of the last event sent; 0 is none
  std::int64_t demand_ = 0, delivered_ = 0;
  std::optional<Verdict> decided_;    // about the next event, while it waits
  std::vector<std::uint64_t> again_;  // places that go out once more, in this order
  bool writing_ = false, paused_ = false;
  Alarm keepalive_, idle_, cut_, pause_;
};

}  // namespace sandbox::pubsub
