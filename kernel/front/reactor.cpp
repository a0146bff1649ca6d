// Puts the acceptor and the event loops together.
#include "kernel/front/reactor.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "kernel/front/acceptor.hpp"
#include "kernel/front/event_loop.hpp"

namespace kernel::front {

namespace {

constexpr std::size_t kFewestConnections = 64;

// Below half of what the process may open: the rest is for files, the database and the upstreams.
std::size_t default_max_connections() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::max<std::size_t>((limit.rlim_cur - 1) / 2, kFewestConnections);
}

FrontSettings with_defaults(FrontSettings settings) {
  if (settings.max_connections == 0) settings.max_connections = default_max_connections();
  if (settings.reactors <= 0)
    settings.reactors = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  settings.max_pipelined = std::max<std::size_t>(settings.max_pipelined, 1);
  return settings;
}

}  // namespace

struct Front::Parts {
  Parts(const FrontSettings& settings, Handler handler, BodyLimit body_limit, RefusalRenderer refusals,
        BodyGate body_gate, StreamedBody streamed_body)
      : shared{.settings = settings,
               .handler = std::move(handler),
               .body_limit = std::move(body_limit),
               .body_gate = std::move(body_gate),
               .streamed_body = std::move(streamed_body),
               .refusals = std::move(refusals),
               .tls = settings.tls ? std::make_unique<Tls>(*settings.tls) : nullptr,
               .gatekeeper = Gatekeeper(settings.max_connections, settings.max_connections_per_address,
                                        settings.uncounted_addresses)} {}

  FrontShared shared;
  std::unique_ptr<Acceptor> acceptor;
  std::vector<std::unique_ptr<EventLoop>> loops;  // after shared: destroyed first
};

Front::Front(FrontSettings settings, Handler handler, BodyLimit body_limit, RefusalRenderer refusals,
             BodyGate body_gate, StreamedBody streamed_body)
    : parts_(std::make_unique<Parts>(with_defaults(std::move(settings)), std::move(handler),
                                     std::move(body_limit), std::move(refusals), std::move(body_gate),
                                     std::move(streamed_body))) {}

Front::~Front() {
  stop();
}

void Front::start() {
  Parts& parts = *parts_;
  const FrontSettings& settings = parts.shared.settings;
  parts.acceptor = std::make_unique<Acceptor>(settings.address, settings.port, parts.shared.gatekeeper);
  for (int i = 0; i < settings.reactors; ++i) {
    parts.loops.push_back(std::make_unique<EventLoop>(parts.shared));
    parts.shared.loops.push_back(parts.loops.back().get());
  }
  for (std::size_t i = 0; i < parts.loops.size(); ++i) {
    parts.loops[i]->start(i == 0 ? parts.acceptor.get() : nullptr);
  }
}

std::uint16_t Front::port() const noexcept {
  return parts_->acceptor ? parts_->acceptor->port() : 0;
}

void Front::drain(std::chrono::milliseconds longest) {
  Parts& parts = *parts_;
  parts.shared.draining.store(true);
  for (const auto& loop : parts.loops) loop->wake();
  const auto gone = [&] {
    return std::all_of(parts.loops.begin(), parts.loops.end(),
                       [](const auto& loop) { return loop->has_seen_drain() && loop->load() == 0; });
  };
  std::unique_lock lock(parts.shared.drain_mutex);
  parts.shared.drain_progressed.wait_for(lock, longest, gone);
}

void Front::stop() noexcept {
  Parts& parts = *parts_;
  // The loop that accepts goes first: after it, no other is given new connections.
  for (const auto& loop : parts.loops) loop->stop();
  if (parts.acceptor) parts.acceptor->close();
}

Tls* Front::tls() const noexcept {
  return parts_->shared.tls.get();
}

FrontStats Front::stats() const noexcept {
  FrontStats sum;
  for (const auto& loop : parts_->loops) {
    const LoopCounters& counters = loop->counters();
    sum.connections += counters.connections.value();
    sum.accepted += counters.accepted.value();
    sum.requests += counters.requests.value();
    sum.in_flight += counters.in_flight.value();
    sum.refused += counters.refused_in_all();
    sum.bytes_in += counters.bytes_in.value();
    sum.bytes_out += counters.bytes_out.value();
  }
  return sum;
}

}  // namespace kernel::front
