// The life of a plugin as one table: what may follow what. It drives the host, and the reference page is
// printed from it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kernel::loader {

enum class State {
  discovered,
  verified,
  disabled,
  resolved,
  loaded,
  configured,
  starting,
  active,
  degraded,
  draining,
  stopped,
  retired,
  unloaded,
  rejected,
  failed,
  quarantined
};

/// What happens to a plugin.
enum class Step {
  verify,
  leave_out,
  resolve,
  load,
  create,
  start,
  publish,
  worsen,
  recover,
  drain,
  stop,
  retire,
  unmap,
  refuse,
  fail,
  block
};

struct Transition {
  State from;
  Step step;
  State to;
  std::string_view meaning;
};

std::string_view to_string(State state) noexcept;
std::string_view to_string(Step step) noexcept;

std::span<const Transition> lifecycle() noexcept;

/// The state that follows; nothing where the table has no such row.
std::optional<State> after(State from, Step step) noexcept;

/// Does it answer requests?
constexpr bool serves(State state) noexcept {
  return state == State::active || state == State::degraded;
}
/// Has it ended before it served, with a reason to be read?
constexpr bool is_refused(State state) noexcept {
  return state == State::rejected || state == State::failed || state == State::quarantined;
}

/// The table in Markdown, as docs/reference/lifecycle.md shows it.
std::string lifecycle_in_markdown();

}  // namespace kernel::loader
