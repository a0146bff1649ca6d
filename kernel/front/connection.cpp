// The life of a connection. Requests of one connection run side by side only while all are safe (RFC
// 9112 9.3.2).
#include "kernel/front/connection.hpp"

#include <sys/epoll.h>

#include "kernel/front/answer_head.hpp"
#include "kernel/front/event_loop.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::front {

namespace {

constexpr int kReadsPerTurn = 16;                      // then others get their turn
constexpr int kPiecesPerTurn = 16;                     // of a body that is written in pieces
constexpr std::size_t kKeptBuffer = 4 * 1024;          // of an idle connection
constexpr std::size_t kMaxReadAway = 4 * 1024 * 1024;  // after the last answer
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

bool is_safe(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

double seconds(std::chrono::steady_clock::duration duration) noexcept {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Connection::Connection(EventLoop& loop, Transport transport, PeerAddress peer, Admission admission)
    : loop_(loop),
      transport_(std::move(transport)),
      peer_(std::move(peer)),
      admission_(admission),
      framer_(loop.shared().settings.limits, loop.shared().body_limit, loop.shared().streamed_body),
      outbox_(loop.spares()),
      waiting_(transport_.in_handshake() ? Waiting::for_handshake : Waiting::for_request),
      waiting_since_(loop.now()) {}

Connection::~Connection() {
  abandon_in_flight();
  transport_.close();
  sign_out(loop_.shared().gatekeeper, peer_, admission_);
}

void Connection::sign_out(Gatekeeper& gatekeeper, const PeerAddress& peer, Admission admission) noexcept {
  switch (admission) {
    case Admission::counted:
      gatekeeper.leave(peer);
      break;
    case Admission::refused:
      gatekeeper.leave_refused();
      break;
  }
}

void Connection::on_events(std::uint32_t epoll_events) {
  if (dead_) return;
  if ((epoll_events & EPOLLERR) != 0) return die();       // reset
  if (transport_.is_tls()) readable_ = writable_ = true;  // either may have waited for the other
  if ((epoll_events & EPOLLOUT) != 0) writable_ = true;
  if ((epoll_events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) readable_ = true;
  if ((epoll_events & (EPOLLRDHUP | EPOLLHUP)) != 0) {
    hung_up_ = true;
    cancel_in_flight();
  }
  pump();
}

bool Connection::paused() const noexcept {
  const FrontSettings& settings = loop_.shared().settings;
  if (held_ != nullptr) return in_flight_ > 0 || outflow_;
  return exclusive_ || in_flight_ >= settings.max_pipelined || outbox_.size() > settings.max_unsent;
}

void Connection::pump() {
  if (pumping_ || dead_) return;
  pumping_ = true;
  for (int reads = 0; !dead_;) {
    if (lingering_) {
      read_away();
      break;
    }
    if (may_feed()) feed_inflow();
    if (!dead_ && may_parse()) parse();
    if (!dead_) offer_continue();
    if (!dead_) flush();
    if (dead_ || lingering_ || may_feed() || may_parse()) continue;
    if (!readable_ || !may_read()) break;
    if (++reads > kReadsPerTurn) {
      loop_.schedule(*this);
      break;
    }
    read();
  }
  if (!dead_) stash();
  pumping_ = false;
}

std::string_view Connection::unread() const noexcept {
  return in_scratch_.empty() ? std::string_view(buffered_).substr(used_) : in_scratch_;
}

void Connection::use_up(std::size_t bytes) noexcept {
  if (in_scratch_.empty()) {
    used_ += bytes;
  } else {
    in_scratch_.remove_prefix(bytes);
  }
}

// The scratch buffer belongs to the next connection: keep what is left of it.
void Connection::stash() {
  if (!in_scratch_.empty()) {
    buffered_.assign(in_scratch_);
    in_scratch_ = {};
  } else {
    buffered_.erase(0, used_);
    if (buffered_.empty() && buffered_.capacity() > kKeptBuffer) buffered_.shrink_to_fit();
  }
  used_ = 0;
}

void Connection::read() {
  stash();
  const std::span<char> scratch = loop_.scratch();
  const IoResult result = transport_.read(scratch.data(), scratch.size());
  if (waiting_ == Waiting::for_handshake && !transport_.in_handshake()) wait_for(Waiting::for_request);
  switch (result.state) {
    case IoResult::State::moved:
      loop_.counters().bytes_in.add(result.bytes);
      // Edge-triggered: a short read means that the next byte brings a new event, unless the peer has hung
      // up.
      if (result.bytes < scratch.size() && transport_.short_read_is_empty() && !hung_up_) readable_ = false;
      if (buffered_.empty()) {
        in_scratch_ = {scratch.data(), result.bytes};
      } else {
        buffered_.append(scratch.data(), result.bytes);
      }
      stalled_ = false;
      break;
    case IoResult::State::would_block:
      readable_ = false;
      break;
    case IoResult::State::closed:
      readable_ = false;
      end_of_input_ = true;
      stalled_ = false;
      cancel_in_flight();
      break;
    case IoResult::State::failed:
      die();
      break;
  }
}

void Connection::read_away() {
  const std::span<char> scratch = loop_.scratch();
  for (int reads = 0; readable_; ++reads) {
    if (reads == kReadsPerTurn) return loop_.schedule(*this);
    const IoResult result = transport_.read(scratch.data(), scratch.size());
    if (result.state == IoResult::State::would_block) {
      readable_ = false;
      return;
    }
    read_away_ += result.bytes;
    loop_.counters().bytes_in.add(result.bytes);
    if (result.state != IoResult::State::moved || read_away_ > kMaxReadAway) return die();
  }
}

void Connection::parse() {
  if (held_ != nullptr) dispatch(*std::exchange(held_, nullptr));
  while (may_parse()) {
    if (building_ == nullptr) building_ = loop_.new_state();
    std::size_t consumed = 0;
    const auto step = framer_.feed(unread(), consumed, building_->request);
    use_up(consumed);
    switch (step) {
      case RequestFramer::Step::need_more:
        return on_need_more();
      case RequestFramer::Step::head:
        building_->inflow = std::make_shared<Inflow>(loop_.mailbox());
        on_request();
        break;
      case RequestFramer::Step::complete:
        on_request();
        break;
      case RequestFramer::Step::refuse:
        return refuse(framer_.refusal());
    }
  }
}

void Connection::on_need_more() {
  stalled_ = true;
  if (end_of_input_) {
    if (framer_.finish() == RequestFramer::Step::refuse) return refuse(framer_.refusal());
    no_more_requests_ = true;
  }
  if (!framer_.started()) give_back(building_);
  const Waiting what = framer_.in_body()   ? Waiting::for_body
                       : framer_.started() ? Waiting::for_head
                                           : Waiting::for_request;
  if (what != waiting_) wait_for(what);
}

void Connection::on_request() {
  ExchangeState& state = *std::exchange(building_, nullptr);
  state.request.peer_address.assign(peer_.text);
  state.request.received = loop_.now();
  state.head_only = state.request.method == "HEAD";
  if (!state.request.keep_alive) no_more_requests_ = true;
  continue_sent_ = false;
  wait_for(Waiting::for_request);
  if ((in_flight_ > 0 || outflow_) && !is_safe(state.request.method)) {
    held_ = &state;
  } else {
    dispatch(state);
  }
}

void Connection::dispatch(ExchangeState& state) {
  exclusive_ = !is_safe(state.request.method);
  state.connection = this;
  state.cancelled.reset(hung_up_);
  if (state.inflow) {
    inflow_ = state.inflow;
    inflow_->connection = this;
  }
  append(state);
  loop_.counters().requests.add(1);
  loop_.counters().in_flight.add(1);
  try {
    loop_.shared().handler(Exchange(&state));
  } catch (const std::exception& e) {  // its Exchange has answered 500 on the way out
    observe::log(observe::Level::error, "front", "the handler failed", {{"why", e.what()}});
  }
}

void Connection::append(ExchangeState& state) noexcept {
  state.next = nullptr;
  if (last_ == nullptr) {
    first_ = &state;
  } else {
    last_->next = &state;
  }
  last_ = &state;
  ++in_flight_;
}

void Connection::offer_continue() {
  if (!stalled_ || continue_sent_ || !framer_.awaits_continue()) return;
  const bool is_read = inflow_ && inflow_->wanted() && !outflow_;  // its policies have passed
  if (!is_read && (building_ == nullptr || first_ != nullptr)) return;
  continue_sent_ = true;
  if (const auto& may_come = loop_.shared().body_gate; may_come && !is_read) {
    if (const auto refusal = may_come(building_->request)) return refuse(*refusal);
  }
  outbox_.append([](std::string& out) { out.append(kContinue); });
}

void Connection::refuse(Refusal refusal) {
  loop_.counters().count(refusal);
  if (building_ == nullptr) building_ = loop_.new_state();
  ExchangeState& state = *std::exchange(building_, nullptr);
  state.response = loop_.shared().render(refusal);
  state.response.close = true;
  state.head_only = state.request.method == "HEAD";
  state.answered = true;
  refused_ = no_more_requests_ = true;
  append(state);
  advance();
}

void Connection::deliver(ExchangeState& state) {
  state.answered = true;
  advance();
  if (!pumping_) loop_.schedule(*this);
}

void Connection::advance() {
  while (first_ != nullptr && first_->answered && !last_answer_ && !outflow_) {
    ExchangeState& state = *first_;
    first_ = state.next;
    if (first_ == nullptr) last_ = nullptr;
    --in_flight_;
    write_answer(state);
    loop_.recycle(&state);
  }
  if (last_answer_) abandon_in_flight();
  if (outflow_) return send_outflow();
  if (first_ == nullptr) {
    exclusive_ = false;
    wait_for(waiting_);  // a deadline does not run while the client waits for us
  }
}

void Connection::write_answer(ExchangeState& state) {
  Response& response = state.response;
  AnswerFacts facts{.close = response.close || !state.request.keep_alive || loop_.draining() || inflow_,
                    .http_1_0 = state.request.minor_version == 0,
                    .date_line = loop_.date_line()};
  if (state.outflow) {
    facts.length = state.outflow->length();
    if (!facts.length)
      facts.body = facts.http_1_0 ? AnswerFacts::Body::until_close : AnswerFacts::Body::chunked;
    if (facts.body == AnswerFacts::Body::until_close) facts.close = true;
    chunked_ = facts.body == AnswerFacts::Body::chunked;
  }
  outbox_.append([&](std::string& out) { append_head(out, response, facts); });
  if (!state.head_only && may_have_body(response.status)) {
    if (state.outflow) {
      outflow_ = std::exchange(state.outflow, nullptr);
      outflow_->connection = this;
      last_piece_at_ = loop_.now();
    } else if (response.shared_body) {
      outbox_.append_body(std::move(response.shared_body), response.slice);
    } else {
      outbox_.append_body(std::move(response.body));
    }
  }
  if (facts.close) last_answer_ = no_more_requests_ = true;
  state.inflow.reset();  // the connection has it, as long as there is a reader
  if (inflow_ && !outflow_) end_inflow(Refusal::truncated);
}

void Connection::flush() {
  for (int pieces = 0;;) {
    send();
    if (dead_) return;
    if (outbox_.empty()) send_blocked_ = false;
    if (!outflow_) break;
    send_outflow();
    if (dead_ || !writable_ || (outflow_ && outbox_.empty())) return;
    if (++pieces == kPiecesPerTurn) return loop_.schedule(*this);
  }
  if (!outbox_.empty()) return;
  const bool nothing_left = end_of_input_ && no_more_requests_ && first_ == nullptr && held_ == nullptr;
  if (last_answer_ || nothing_left) end();
}

void Connection::send() {
  if (!outbox_.empty() && writable_) {
    std::size_t sent = 0;
    const IoResult::State state = outbox_.flush(transport_, sent);
    loop_.counters().bytes_out.add(sent);
    if (state == IoResult::State::would_block) {
      writable_ = false;
      if (send_blocked_) {
        sent_while_blocked_ += sent;
      } else {  // what went before is in the kernel's buffers and says nothing about the reader
        send_blocked_ = true;
        send_blocked_since_ = loop_.now();
        sent_while_blocked_ = 0;
      }
    } else if (state != IoResult::State::moved) {
      return die();
    }
  }
}

// With bytes of the client unread, close() would send a reset that can overtake the answer: read them away
// first.
void Connection::end() {
  const bool may_have_more = refused_ || readable_ || !unread().empty() || framer_.started();
  if (end_of_input_ || !may_have_more) return die();
  transport_.shutdown_send();
  lingering_ = true;
  linger_until_ = loop_.now() + loop_.shared().settings.linger;
  in_scratch_ = {};
  buffered_.clear();
  used_ = 0;
}

void Connection::check_time() {
  if (dead_) return;
  const FrontSettings& settings = loop_.shared().settings;
  const auto now = loop_.now();
  if (lingering_) {
    if (now >= linger_until_) die();
    return;
  }
  if (!outbox_.empty()) {
    const auto blocked = now - send_blocked_since_;
    if (!send_blocked_ || blocked <= settings.send_grace) return;
    if (static_cast<double>(sent_while_blocked_) < static_cast<double>(settings.min_rate) * seconds(blocked))
      return cut_off();
    send_blocked_since_ = now;  // what was taken before says nothing about the next while
    sent_while_blocked_ = 0;
    return;
  }
  if (outflow_) return check_outflow();
  if (inflow_) return check_inflow_rate();
  if (first_ != nullptr || held_ != nullptr) return;

  const auto waited = now - waiting_since_;
  const bool idle_in_drain = loop_.draining() && now - loop_.draining_since() >= settings.drain_idle_grace;
  switch (waiting_) {
    case Waiting::for_handshake:
      if (waited < settings.head_deadline && !idle_in_drain) return;
      if (!idle_in_drain) transport_.give_up_handshake();
      return die();
    case Waiting::for_request:
      if (waited >= settings.idle_deadline || idle_in_drain) die();
      return;
    case Waiting::for_head:
      if (waited < settings.head_deadline) return;
      refuse(Refusal::head_timeout);
      break;
    case Waiting::for_body: {
      const auto counted = waited - settings.rate_grace;
      if (counted <= Clock::duration::zero()) return;
      if (static_cast<double>(framer_.body_bytes()) >=
          static_cast<double>(settings.min_rate) * seconds(counted))
        return;
      refuse(Refusal::body_timeout);
      break;
    }
  }
  pump();
}

void Connection::wait_for(Waiting what) noexcept {
  waiting_ = what;
  waiting_since_ = loop_.now();
}

void Connection::cancel_in_flight() noexcept {
  for (ExchangeState* state = first_; state != nullptr; state = state->next) {
    state->cancelled.raise();
  }
}

// Their answers have nowhere to go: those answered are done with, the others come back without a connection.
void Connection::abandon_in_flight() noexcept {
  while (first_ != nullptr) {
    ExchangeState* state = std::exchange(first_, first_->next);
    if (state->answered) {
      loop_.recycle(state);
    } else {
      state->connection = nullptr;
      state->cancelled.raise();
    }
  }
  last_ = nullptr;
  in_flight_ = 0;
  give_back(held_);
  give_back(building_);
}

void Connection::give_back(ExchangeState*& state) noexcept {
  if (state != nullptr) loop_.recycle(std::exchange(state, nullptr));
}

void Connection::die() {
  if (dead_) return;
  dead_ = true;
  if (inflow_) end_inflow(Refusal::truncated);
  if (outflow_) {
    outflow_->connection = nullptr;
    std::exchange(outflow_, nullptr)->close();
  }
  abandon_in_flight();
  loop_.bury(*this);
}

}  // namespace kernel::front
