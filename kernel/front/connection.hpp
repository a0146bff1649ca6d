// One client connection: reads requests, hands them over, sends the answers in order. Lives on its event
// loop's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/front/exchange_state.hpp"
#include "kernel/front/framing.hpp"
#include "kernel/front/gatekeeper.hpp"
#include "kernel/front/outbox.hpp"
#include "kernel/front/transport.hpp"

namespace kernel::front {

class EventLoop;

class Connection {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Admission : std::uint8_t { counted, refused };

  Connection(EventLoop& loop, Transport transport, PeerAddress peer, Admission admission);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// What the end of a connection tells the gatekeeper.
  static void sign_out(Gatekeeper& gatekeeper, const PeerAddress& peer, Admission admission) noexcept;

  int descriptor() const noexcept { return transport_.descriptor(); }

  void on_events(std::uint32_t epoll_events);
  /// Does all that can be done now: parse, hand over, send, read.
  void pump();
  /// An exchange of this connection has its answer.
  void deliver(ExchangeState& state);
  /// The body that is being sent or read may have moved, or a drain has begun.
  void look_at_body();
  /// Answers with a refusal and reads no further request.
  void refuse(Refusal refusal);
  /// Deadlines; called every now and then.
  void check_time();
  /// Ends it at once; the event loop destroys it at the end of its turn.
  void die();

  // The event loop's bookkeeping.
  std::size_t index = 0;
  bool scheduled = false;

 private:
  enum class Waiting : std::uint8_t { for_handshake, for_request, for_head, for_body };

  bool paused() const noexcept;
  bool may_parse() const noexcept {
    if (inflow_) return false;
    return held_ != nullptr ? !paused() : !stalled_ && !no_more_requests_ && !paused();
  }
  bool may_feed() const { return inflow_ && !stalled_ && inflow_->wants(); }
  bool may_read() const { return inflow_ ? inflow_->wants() : !no_more_requests_ && !paused(); }
  std::string_view unread() const noexcept;
  void use_up(std::size_t bytes) noexcept;
  void stash();
  void read();
  void read_away();
  void parse();
  void on_need_more();
  void on_request();
  void feed_inflow();
  void end_inflow(Refusal why);
  void check_inflow_rate();
  void send_outflow();
  void end_outflow();
  void check_outflow();
  bool is_silent_too_long() const noexcept;
  void cut_off() noexcept;
  void dispatch(ExchangeState& state);
  void offer_continue();
  void advance();
  void write_answer(ExchangeState& state);
  void flush();
  void send();
  void end();
  void append(ExchangeState& state) noexcept;
  void cancel_in_flight() noexcept;
  void abandon_in_flight() noexcept;
  void give_back(ExchangeState*& state) noexcept;
  void wait_for(Waiting what) noexcept;

  EventLoop& loop_;
  Transport transport_;
  const PeerAddress peer_;
  const Admission admission_;
  RequestFramer framer_;
  Outbox outbox_;

  // Bytes read and not yet used: in the loop's scratch buffer during a turn, in buffered_ between turns.
  std::string_view in_scratch_;
  std::string buffered_;
  std::size_t used_ = 0;  // of buffered_

  ExchangeState* building_ = nullptr;  // the request being read
  ExchangeState* held_ = nullptr;      // complete, unsafe, waits until those before it are answered
  ExchangeState* first_ = nullptr;     // in flight, in order
  ExchangeState* last_ = nullptr;
  std::size_t in_flight_ = 0;
  std::shared_ptr<Inflow> inflow_;    // the body being read by who answers
  std::shared_ptr<Outflow> outflow_;  // the body being sent; first_ comes after it
  bool exclusive_ = false;            // an unsafe request is in flight: nothing overtakes or joins it

  bool pumping_ = false;
  bool readable_ = false;
  bool writable_ = true;
  bool stalled_ = true;  // the framer needs bytes that are not here yet
  bool no_more_requests_ = false;
  bool last_answer_ = false;  // written, nothing may follow
  bool refused_ = false;
  bool hung_up_ = false;       // epoll says the peer has closed its side
  bool end_of_input_ = false;  // and everything before that was read
  bool continue_sent_ = false;
  bool chunked_ = false;  // the body being sent
  bool lingering_ = false;
  bool dead_ = false;

  Waiting waiting_ = Waiting::for_request;
  Clock::time_point waiting_since_;
  bool send_blocked_ = false;
  Clock::time_point send_blocked_since_;
  std::uint64_t sent_while_blocked_ = 0;
  Clock::time_point linger_until_;
  Clock::time_point last_piece_at_;        // of the body being sent
  std::uint64_t inflow_counted_from_ = 0;  // bytes of the body being read, when waiting_since_ was set
  std::size_t read_away_ = 0;
};

}  // namespace kernel::front
