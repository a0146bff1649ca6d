// The front's metrics.
#include "kernel/front/loop_counters.hpp"

#include "kernel/observe/metrics.hpp"

namespace kernel::front {

LoopCounters::LoopCounters()
    : connections_metric_(observe::gauge("portico_http_connections", "Open client connections")),
      bytes_in_metric_(observe::counter("portico_http_received_bytes_total", "Bytes read from clients")),
      bytes_out_metric_(observe::counter("portico_http_sent_bytes_total", "Bytes sent to clients")) {
  for (std::size_t i = 0; i < kRefusals; ++i) {
    const std::string code(answer_to(static_cast<Refusal>(i)).code);
    refused_metrics_[i] =
        &observe::counter("portico_http_refused_total",
                          "Requests and connections the front refused by itself", {{"code", code}});
  }
}

std::uint64_t LoopCounters::refused_in_all() const noexcept {
  std::uint64_t sum = 0;
  for (const Tally& tally : refused) sum += tally.value();
  return sum;
}

void LoopCounters::publish() noexcept {
  if (const auto now = connections.value(); now != published_.connections) {
    connections_metric_.add(static_cast<double>(now) - static_cast<double>(published_.connections));
    published_.connections = now;
  }
  if (const auto now = bytes_in.value(); now != published_.bytes_in) {
    bytes_in_metric_.add(static_cast<double>(now - published_.bytes_in));
    published_.bytes_in = now;
  }
  if (const auto now = bytes_out.value(); now != published_.bytes_out) {
    bytes_out_metric_.add(static_cast<double>(now - published_.bytes_out));
    published_.bytes_out = now;
  }
  const auto all = refused_in_all();
  if (all == published_.refused_in_all) return;
  published_.refused_in_all = all;
  for (std::size_t i = 0; i < kRefusals; ++i) {
    const auto now = refused[i].value();
    if (now == published_.refused[i]) continue;
    refused_metrics_[i]->add(static_cast<double>(now - published_.refused[i]));
    published_.refused[i] = now;
  }
}

}  // namespace kernel::front
