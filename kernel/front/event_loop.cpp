// The turn of a reactor: events, mail, connections that became ready, deadlines, funerals.
#include "kernel/front/event_loop.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <portico/problem.hpp>

#include "kernel/observe/log.hpp"

namespace kernel::front {

namespace {

constexpr std::size_t kScratch = 64 * 1024;
constexpr std::size_t kKeptStates = 256;
constexpr int kEventsAtOnce = 256;
constexpr auto kSlowestCheck = std::chrono::milliseconds(250);
constexpr auto kFastestCheck = std::chrono::milliseconds(5);

thread_local EventLoop* current_loop = nullptr;

// Deadlines are looked at four times within the shortest of them.
std::chrono::milliseconds check_interval(const FrontSettings& settings) {
  const auto shortest =
      std::min({settings.head_deadline, settings.idle_deadline, settings.rate_grace, settings.send_grace,
                settings.linger, settings.drain_idle_grace, settings.event_keep_alive});
  return std::clamp<std::chrono::milliseconds>(shortest / 4, kFastestCheck, kSlowestCheck);
}

}  // namespace

Response FrontShared::render(Refusal refusal) const noexcept {
  const RefusalAnswer answer = answer_to(refusal);
  try {
    Response response = refusals(answer.status, answer.code);
    if (is_sendable(response)) return response;
  } catch (const std::exception& e) {
    observe::log(observe::Level::error, "front", "a refusal could not be rendered", {{"why", e.what()}});
  }
  Response bare;
  bare.status = answer.status;
  return bare;
}

EventLoop::EventLoop(FrontShared& shared)
    : shared_(shared),
      mailbox_(std::make_shared<Mailbox>()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      scratch_(kScratch),
      now_(Clock::now()),
      check_every_(check_interval(shared.settings)) {
  if (epoll_ < 0) throw portico::Problem(500, "http.no_descriptors", "epoll_create1 failed");
  watch(mailbox_->descriptor(), EPOLLIN, mailbox_.get());
}

EventLoop::~EventLoop() {
  stop();
  ::close(epoll_);
}

EventLoop* EventLoop::current() noexcept {
  return current_loop;
}

void EventLoop::start(Acceptor* acceptor) {
  acceptor_ = acceptor;
  thread_ = std::thread([this] { run(); });
}

void EventLoop::stop() noexcept {
  stopping_.store(true);
  mailbox_->wake();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    leave();
  }
}

void EventLoop::watch(int descriptor, std::uint32_t events, void* tag) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = tag;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) {
    throw portico::Problem(500, "http.no_descriptors", "epoll_ctl failed");
  }
}

void EventLoop::adopt(AcceptedSocket socket) {
  load_.fetch_add(1, std::memory_order_relaxed);
  bool first = false;
  {
    const std::lock_guard lock(adopted_mutex_);
    first = adopted_.empty();
    adopted_.push_back(std::move(socket));
  }
  if (first) wake();
}

void EventLoop::run() noexcept {
  current_loop = this;
  next_check_ = Clock::now() + check_every_;
  while (!stopping_.load(std::memory_order_relaxed)) {
    try {
      turn();
    } catch (const std::exception& e) {
      observe::log(observe::Level::error, "front", "a turn of the event loop failed", {{"why", e.what()}});
    }
  }
  leave();
  current_loop = nullptr;
}

int EventLoop::wait_ms() const noexcept {
  if (!ready_.empty()) return 0;
  if (connections_.empty() && (acceptor_ == nullptr || accepting_)) return -1;  // nothing has a deadline
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_check_ - now_).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

// What goes wrong in one connection (memory, most likely) ends that connection only.
template <class Work>
void EventLoop::guarded(Connection& connection, Work work) {
  try {
    work();
  } catch (const std::exception& e) {
    observe::log(observe::Level::error, "front", "a connection failed", {{"why", e.what()}});
    connection.die();
  }
}

void EventLoop::turn() {
  if (acceptor_ != nullptr && !accepting_ && !draining_) {
    watch(acceptor_->descriptor(), EPOLLIN, acceptor_);
    accepting_ = true;
  }
  std::array<epoll_event, kEventsAtOnce> events;
  const int count = ::epoll_wait(epoll_, events.data(), kEventsAtOnce, wait_ms());
  now_ = Clock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == mailbox_.get()) {
      mailbox_->clear_wakeup();
    } else if (acceptor_ != nullptr && event.data.ptr == acceptor_) {
      accept();
    } else {
      auto& connection = *static_cast<Connection*>(event.data.ptr);
      guarded(connection, [&] { connection.on_events(event.events); });
    }
  }
  notice_drain();
  open_adopted();
  take_mail();
  run_ready();
  if (now_ >= next_check_) check_times();
  bury_dead();
  counters_.publish();
}

Acceptor::Outcome EventLoop::accept() {
  if (draining_) return Acceptor::Outcome::drained;
  const auto pass_on = [&](AcceptedSocket socket) {
    const auto least_loaded =
        std::min_element(shared_.loops.begin(), shared_.loops.end(),
                         [](const EventLoop* a, const EventLoop* b) { return a->load() < b->load(); });
    (*least_loaded)->adopt(std::move(socket));
  };
  const auto outcome = acceptor_->accept(pass_on, [&](Refusal refusal) { counters_.count(refusal); });
  if (outcome != Acceptor::Outcome::out_of_descriptors) return outcome;
  // Level-triggered, it would spin: look away until the next check of deadlines.
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, acceptor_->descriptor(), nullptr);
  accepting_ = false;
  return outcome;
}

void EventLoop::open_adopted() {
  std::vector<AcceptedSocket> sockets;
  {
    const std::lock_guard lock(adopted_mutex_);
    sockets.swap(adopted_);
  }
  for (AcceptedSocket& accepted : sockets) {
    if (accepted.refusal && shared_.tls) {
      counters_.count(*accepted.refusal);
      Connection::sign_out(shared_.gatekeeper, accepted.peer, Connection::Admission::refused);
      load_.fetch_sub(1, std::memory_order_relaxed);
      continue;
    }
    const auto admission = accepted.refusal ? Connection::Admission::refused : Connection::Admission::counted;
    std::unique_ptr<Connection> owned;
    try {
      owned = std::make_unique<Connection>(*this, Transport(accepted.socket, shared_.tls.get()),
                                           accepted.peer, admission);
      watch(owned->descriptor(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, owned.get());
    } catch (const std::exception& e) {  // reset before we got to it
      observe::log(observe::Level::debug, "front", "a connection was gone at once", {{"why", e.what()}});
      if (!owned) Connection::sign_out(shared_.gatekeeper, accepted.peer, admission);
      load_.fetch_sub(1, std::memory_order_relaxed);
      continue;
    }
    Connection& connection = *owned;
    connection.index = connections_.size();
    connections_.push_back(std::move(owned));
    counters_.connections.add(1);
    counters_.accepted.add(1);
    if (accepted.refusal) {
      guarded(connection, [&] {
        connection.refuse(*accepted.refusal);
        connection.pump();
      });
    }
  }
}

void EventLoop::take_mail() {
  for (ExchangeState* state = mailbox_->take(); state != nullptr;) {
    ExchangeState* next = state->next_in_mail;
    take_back(*state);
    state = next;
  }
  mailbox_->take(flows_);
  for (const auto& flow : flows_) {
    flow->note_taken();
    if (Connection* connection = flow->connection) guarded(*connection, [&] { connection->look_at_body(); });
  }
  flows_.clear();
}

void EventLoop::take_back(ExchangeState& state) {
  counters_.in_flight.subtract(1);
  if (state.connection == nullptr) return recycle(&state);
  if (state.dropped || !is_sendable(state.response)) {
    observe::log(
        observe::Level::error, "front",
        state.dropped ? "a request was dropped without an answer" : "an answer cannot be sent as it is",
        {{"path", state.request.path}});
    counters_.count(Refusal::no_answer);
    if (state.outflow) std::exchange(state.outflow, nullptr)->close();
    state.response = shared_.render(Refusal::no_answer);
  }
  Connection& connection = *state.connection;
  guarded(connection, [&] { connection.deliver(state); });
}

ExchangeState* EventLoop::new_state() {
  if (free_states_.empty()) {
    auto state = std::make_unique<ExchangeState>();
    state->mailbox = mailbox_;
    return state.release();
  }
  ExchangeState* state = free_states_.back().release();
  free_states_.pop_back();
  return state;
}

void EventLoop::recycle(ExchangeState* state) noexcept {
  std::unique_ptr<ExchangeState> owned(state);
  owned->end_flows();
  if (free_states_.size() >= kKeptStates) return;
  owned->request.clear();
  owned->response = Response();
  owned->cancelled.reset(false);
  owned->connection = nullptr;
  owned->next = nullptr;
  owned->answered = owned->head_only = owned->dropped = false;
  free_states_.push_back(std::move(owned));
}

void EventLoop::schedule(Connection& connection) {
  if (connection.scheduled) return;
  connection.scheduled = true;
  ready_.push_back(&connection);
}

void EventLoop::run_ready() {
  std::vector<Connection*> ready;
  ready.swap(ready_);
  for (Connection* connection : ready) {
    connection->scheduled = false;
    guarded(*connection, [&] { connection->pump(); });
  }
  if (ready_.empty()) {  // keep the memory
    ready.clear();
    ready_.swap(ready);
  }
}

void EventLoop::notice_drain() {
  if (draining_ || !shared_.draining.load(std::memory_order_relaxed)) return;
  // Closing the listener resets connections that wait in it: let them in first, they came in time.
  if (acceptor_ != nullptr) {
    while (accept() == Acceptor::Outcome::more) {
    }
    acceptor_->close();
  }
  draining_ = true;
  draining_since_ = now_;
  for (std::size_t i = 0; i < connections_.size(); ++i) {  // event streams end, their clients go elsewhere
    Connection& connection = *connections_[i];
    guarded(connection, [&] { connection.look_at_body(); });
  }
  drain_seen_.store(true, std::memory_order_release);
  tell_who_drains();
}

void EventLoop::tell_who_drains() {
  {
    const std::lock_guard lock(shared_.drain_mutex);
  }  // who waits has either seen the new state or sleeps by now
  shared_.drain_progressed.notify_all();
}

void EventLoop::check_times() {
  next_check_ = now_ + check_every_;
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    Connection& connection = *connections_[i];
    guarded(connection, [&] { connection.check_time(); });
  }
}

void EventLoop::bury(Connection& connection) {
  dead_.push_back(&connection);
}

void EventLoop::bury_dead() {
  if (dead_.empty()) return;
  for (Connection* connection : dead_) {
    if (connection->scheduled) std::erase(ready_, connection);
    const std::size_t index = connection->index;
    if (index + 1 != connections_.size()) {
      std::swap(connections_[index], connections_.back());
      connections_[index]->index = index;
    }
    connections_.pop_back();
    counters_.connections.subtract(1);
    load_.fetch_sub(1, std::memory_order_relaxed);
  }
  dead_.clear();
  if (draining_) tell_who_drains();
}

std::string_view EventLoop::date_line() {
  return date_.at(std::time(nullptr));
}

// Exchanges still with their handlers stay theirs; their answers will be freed by the closed mailbox.
void EventLoop::leave() noexcept {
  if (std::exchange(left_, true)) return;
  for (const auto& connection : connections_) connection->die();
  bury_dead();
  for (ExchangeState* state = mailbox_->close(); state != nullptr;) {
    ExchangeState* next = state->next_in_mail;
    delete state;
    state = next;
  }
  {
    const std::lock_guard lock(adopted_mutex_);
    adopted_.clear();
  }
  free_states_.clear();
  counters_.publish();
}

}  // namespace kernel::front
