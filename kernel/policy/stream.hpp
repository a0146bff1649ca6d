// One answer that a plugin sends in pieces: an event stream or a download.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/front/outflow.hpp"
#include "kernel/policy/call.hpp"

namespace kernel::policy {

/// The largest event, as it is sent.
inline constexpr std::size_t kMaxEvent = 60'000;
static_assert(kMaxEvent < front::kEventWindow);

struct Stream {
  using Clock = std::chrono::steady_clock;
  using Kind = front::OutflowSettings::Kind;

  Stream(Call& call, Kind kind);

  const Kind kind;
  // Not the snapshot it was found in: that would keep every plugin of its time for as long as it is open.
  const loader::PluginPtr plugin;
  const std::string label;  // of its route
  const loader::Access access;
  const std::string correlation_id;
  const std::string owner;       // what the cap counts by: the user, or the address of nobody
  const std::string session_id;  // empty: nobody's
  const std::string credential;  // to ask again who it is; empty: nobody
  const std::int64_t valid_until_us;
  const Clock::time_point deadline;  // of a download
  const Clock::time_point began = Clock::now();
  const loader::Ledger::Entry line;

  // Under the lock of Streams.
  std::shared_ptr<front::Outflow> flow;  // null until it has begun
  std::vector<std::string> topics;
  Clock::time_point next_check;
};

/// "id: …\nevent: …\ndata: …\n\n"; empty for what is no event: line ends in id or event, a zero byte in id,
/// more than kMaxEvent.
std::string render_event(std::string_view id, std::string_view event, std::string_view data);

}  // namespace kernel::policy
