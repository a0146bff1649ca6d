// Bodies that move in pieces: what a connection does with them beside whole requests and answers.
#include <array>
#include <charconv>

#include "kernel/front/connection.hpp"
#include "kernel/front/event_loop.hpp"

namespace kernel::front {

namespace {

constexpr std::size_t kTakenOut = 64 * 1024;  // unsent bytes of a connection above which a writer waits
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::string_view kComment = ":\n\n";  // of an event stream: ignored by clients

void append_chunk_size(std::string& out, std::size_t size) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  out.append(digits.data(), end).append(kLineEnd);
}

}  // namespace

void Connection::look_at_body() {
  if (!dead_) pump();
}

// ---- the answer's body ----

void Connection::send_outflow() {
  const bool is_events = outflow_->kind() == OutflowSettings::Kind::events;
  // A listener that has said it sends nothing more has left; who loads a file may still be reading.
  if (is_events && hung_up_) return die();
  while (outbox_.size() < kTakenOut) {
    Outflow::Taken taken = outflow_->take();
    if (taken.end == Outflow::End::aborted) return cut_off();
    const bool silent = taken.bytes.empty();
    if (silent && is_events && is_silent_too_long()) taken.bytes = kComment;
    if (!taken.bytes.empty()) {
      last_piece_at_ = loop_.now();
      const std::size_t size = taken.bytes.size();
      if (chunked_) outbox_.append([&](std::string& out) { append_chunk_size(out, size); });
      outbox_.append_body(std::move(taken.bytes));
      if (chunked_) outbox_.append([](std::string& out) { out.append(kLineEnd); });
    }
    if (taken.end == Outflow::End::finished || (is_events && loop_.draining())) return end_outflow();
    if (silent) break;
  }
}

bool Connection::is_silent_too_long() const noexcept {
  return outbox_.empty() && loop_.now() - last_piece_at_ >= loop_.shared().settings.event_keep_alive;
}

void Connection::check_outflow() {
  if (outflow_->kind() == OutflowSettings::Kind::events && is_silent_too_long()) pump();
}

void Connection::end_outflow() {
  if (chunked_) outbox_.append([](std::string& out) { out.append(kLastChunk); });
  outflow_->connection = nullptr;
  std::exchange(outflow_, nullptr)->close();
  if (inflow_) end_inflow(Refusal::truncated);
  advance();
}

// A body that is cut must not look like a whole one, and the kernel need not keep it for who does not take
// it.
void Connection::cut_off() noexcept {
  transport_.forget_unsent();
  die();
}

// ---- the request's body ----

void Connection::feed_inflow() {
  while (may_feed()) {
    std::size_t consumed = 0;
    std::string piece = loop_.spares().take();
    const auto step = framer_.feed_body(unread(), consumed, piece);
    use_up(consumed);
    if (!piece.empty()) inflow_->put(piece);
    loop_.spares().give_back(std::move(piece));
    switch (step) {
      case RequestFramer::Step::complete:
        inflow_->complete();
        inflow_->connection = nullptr;
        inflow_.reset();
        continue_sent_ = false;
        wait_for(Waiting::for_request);
        return;
      case RequestFramer::Step::refuse:
        return end_inflow(framer_.refusal());
      case RequestFramer::Step::head:
      case RequestFramer::Step::need_more:
        stalled_ = true;
        if (end_of_input_) {
          framer_.finish();
          return end_inflow(framer_.refusal());
        }
    }
  }
}

// The reader learns why no more comes. Where the front says so itself, nobody else's answer is sent.
void Connection::end_inflow(Refusal why) {
  inflow_->connection = nullptr;
  std::exchange(inflow_, nullptr)->fail(why);
  if (dead_ || last_answer_) return;
  if (outflow_) return cut_off();
  abandon_in_flight();
  refuse(why);
}

// The least rate counts while somebody waits for the client, not while the client waits for us.
void Connection::check_inflow_rate() {
  const auto restart = [&] {
    wait_for(Waiting::for_body);
    inflow_counted_from_ = framer_.body_bytes();
  };
  if (waiting_ != Waiting::for_body || !inflow_->wants()) return restart();
  const FrontSettings& settings = loop_.shared().settings;
  const auto counted = loop_.now() - waiting_since_ - settings.rate_grace;
  if (counted <= Clock::duration::zero()) return;
  const auto came = static_cast<double>(framer_.body_bytes() - inflow_counted_from_);
  if (came >= static_cast<double>(settings.min_rate) * std::chrono::duration<double>(counted).count()) return;
  end_inflow(Refusal::body_timeout);
  if (!dead_) pump();
}

}  // namespace kernel::front
