// The rows, and looking them up.
#include "kernel/loader/lifecycle.hpp"

#include <fmt/format.h>

#include <array>

namespace kernel::loader {

namespace {

using S = State;
using T = Step;

constexpr auto kLifecycle = std::to_array<Transition>({
    {S::discovered, T::verify, S::verified, "its note was read and fits this host; no code of it ran"},
    {S::discovered, T::refuse, S::rejected, "the note is not a manifest this host can use"},
    {S::discovered, T::block, S::quarantined, "a file with these bytes ended a process before"},
    {S::verified, T::leave_out, S::disabled, "the configuration does not enable it"},
    {S::verified, T::refuse, S::rejected, "its settings or what it depends on are not in order"},
    {S::verified, T::resolve, S::resolved, "all it depends on is there; its place in the order is known"},
    {S::verified, T::block, S::quarantined, "a file with these bytes ended a process before"},
    {S::resolved, T::load, S::loaded, "a private copy of the library is mapped"},
    {S::resolved, T::refuse, S::rejected, "what it depends on did not start"},
    {S::resolved, T::fail, S::failed, "the library cannot be opened"},
    {S::resolved, T::block, S::quarantined, "opening a file with these bytes ended a process before"},
    {S::loaded, T::create, S::configured, "create answered; its settings are in its hands"},
    {S::loaded, T::fail, S::failed, "the entry or create refused: no destroy"},
    {S::configured, T::start, S::starting,
     "its workers run and start is called: what it registers is a draft"},
    {S::configured, T::stop, S::stopped, "another part of the change failed: destroy, no stop"},
    {S::starting, T::publish, S::active,
     "start answered; its drafts became visible together with the others'"},
    {S::starting, T::fail, S::failed, "start refused, or what it registered clashes: destroy, no stop"},
    {S::starting, T::stop, S::stopped,
     "another part of the change failed: stop and destroy, nothing was seen"},
    {S::active, T::worsen, S::degraded, "it reported that it is not well, and still serves"},
    {S::degraded, T::recover, S::active, "it reported that it is well again"},
    {S::active, T::drain, S::draining, "disabled, replaced or at the end of the host: nothing new is let in"},
    {S::degraded, T::drain, S::draining,
     "disabled, replaced or at the end of the host: nothing new is let in"},
    {S::draining, T::stop, S::stopped, "its ledger is empty and its workers have ended: stop, then destroy"},
    {S::stopped, T::retire, S::retired, "unreachable, its image still mapped: the default end"},
    {S::retired, T::unmap, S::unloaded, "the image is gone, and that was proven"},
});

}  // namespace

std::string_view to_string(State state) noexcept {
  constexpr std::array<std::string_view, 16> kNames = {
      "discovered", "verified", "disabled", "resolved", "loaded",   "configured", "starting", "active",
      "degraded",   "draining", "stopped",  "retired",  "unloaded", "rejected",   "failed",   "quarantined"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view to_string(Step step) noexcept {
  constexpr std::array<std::string_view, 16> kNames = {
      "verify",  "leave out", "resolve", "load",   "create", "start",  "publish", "worsen",
      "recover", "drain",     "stop",    "retire", "unmap",  "refuse", "fail",    "block"};
  return kNames[static_cast<std::size_t>(step)];
}

std::span<const Transition> lifecycle() noexcept {
  return kLifecycle;
}

std::optional<State> after(State from, Step step) noexcept {
  for (const auto& row : kLifecycle)
    if (row.from == from && row.step == step) return row.to;
  return std::nullopt;
}

std::string lifecycle_in_markdown() {
  std::string out = "| From | Step | To | What it means |\n|---|---|---|---|\n";
  for (const auto& row : kLifecycle)
    out += fmt::format("| {} | {} | {} | {} |\n", to_string(row.from), to_string(row.step), to_string(row.to),
                       row.meaning);
  return out;
}

}  // namespace kernel::loader
