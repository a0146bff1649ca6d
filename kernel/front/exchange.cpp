// The handle of a request in flight and its way back to the event loop.
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <portico/problem.hpp>

#include "kernel/front/compression.hpp"
#include "kernel/front/event_loop.hpp"
#include "kernel/front/exchange_state.hpp"
#include "kernel/front/reactor.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::front {

namespace {

// An address no exchange can have: the mailbox is closed.
ExchangeState* closed_mark() noexcept {
  static ExchangeState mark;
  return &mark;
}

void hand_back(ExchangeState* state) noexcept {
  EventLoop* here = EventLoop::current();
  if (here != nullptr && here->is_home_of(*state)) {
    here->take_back(*state);
    return;
  }
  // A copy: once posted, the state and with it its reference may be gone.
  const std::shared_ptr<Mailbox> mailbox = state->mailbox;
  mailbox->post(state);
}

}  // namespace

void Flow::tell_loop() {
  if (!noted_.exchange(true, std::memory_order_acq_rel)) mailbox_->post(shared_from_this());
}

Mailbox::Mailbox() : wakeup_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wakeup_ < 0) throw portico::Problem(500, "http.no_descriptors", "eventfd failed");
}

Mailbox::~Mailbox() {
  ::close(wakeup_);
}

void Mailbox::post(ExchangeState* state) noexcept {
  ExchangeState* head = newest_.load(std::memory_order_relaxed);
  do {
    if (head == closed_mark()) {
      delete state;
      return;
    }
    state->next_in_mail = head;
  } while (!newest_.compare_exchange_weak(head, state, std::memory_order_release, std::memory_order_relaxed));
  if (head == nullptr) wake();  // else the one before has woken the loop and it has not come yet
}

void Mailbox::post(std::shared_ptr<Flow> flow) {
  bool first = false;
  {
    const std::lock_guard lock(flows_mutex_);
    if (closed_) return;
    first = flows_.empty();
    flows_.push_back(std::move(flow));
    has_flows_.store(true, std::memory_order_relaxed);
  }
  if (first) wake();
}

void Mailbox::take(std::vector<std::shared_ptr<Flow>>& flows) {
  if (!has_flows_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(flows_mutex_);
  flows_.swap(flows);
  has_flows_.store(false, std::memory_order_relaxed);
}

void Mailbox::wake() noexcept {
  const std::uint64_t one = 1;
  while (::write(wakeup_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void Mailbox::clear_wakeup() noexcept {
  std::uint64_t count = 0;
  while (::read(wakeup_, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

ExchangeState* Mailbox::in_order(ExchangeState* newest_first) noexcept {
  ExchangeState* oldest = nullptr;
  while (newest_first != nullptr) {
    ExchangeState* next = newest_first->next_in_mail;
    newest_first->next_in_mail = oldest;
    oldest = newest_first;
    newest_first = next;
  }
  return oldest;
}

ExchangeState* Mailbox::take() noexcept {
  if (newest_.load(std::memory_order_relaxed) == nullptr) return nullptr;
  return in_order(newest_.exchange(nullptr, std::memory_order_acquire));
}

ExchangeState* Mailbox::close() noexcept {
  std::vector<std::shared_ptr<Flow>> unlooked;
  {
    const std::lock_guard lock(flows_mutex_);
    closed_ = true;
    unlooked.swap(flows_);
  }
  ExchangeState* come = newest_.exchange(closed_mark(), std::memory_order_acquire);
  return come == closed_mark() ? nullptr : in_order(come);
}

Exchange& Exchange::operator=(Exchange&& other) noexcept {
  if (this != &other) {
    Exchange old(std::exchange(state_, std::exchange(other.state_, nullptr)));
  }
  return *this;
}

Exchange::~Exchange() {
  if (state_ == nullptr) return;
  state_->dropped = true;
  hand_back(state_);
}

const Request& Exchange::request() const noexcept {
  return state_->request;
}

bool Exchange::cancelled() const noexcept {
  return state_->cancelled.raised();
}

void Exchange::on_cancel(std::function<void()> then) {
  state_->cancelled.watch(std::move(then));
}

std::shared_ptr<Inflow> Exchange::inflow() const {
  return state_->inflow;
}

std::shared_ptr<Outflow> Exchange::begin(Response head, OutflowSettings settings) {
  auto outflow = std::make_shared<Outflow>(state_->mailbox, std::move(settings));
  ExchangeState* state = std::exchange(state_, nullptr);
  state->response = std::move(head);
  state->outflow = outflow;
  state->dropped = false;
  hand_back(state);
  return outflow;
}

void Exchange::answer(Response response) noexcept {
  ExchangeState* state = std::exchange(state_, nullptr);
  if (state == nullptr) {
    observe::log(observe::Level::error, "front",
                 "a request was answered twice; the second answer is dropped");
    return;
  }
  compress(state->request, response);
  state->response = std::move(response);
  state->dropped = false;
  hand_back(state);
}

}  // namespace kernel::front
