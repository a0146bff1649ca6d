// A ring of entries that live where their work does.
#include "kernel/loader/ledger.hpp"

#include <array>

namespace kernel::loader {

std::string_view to_string(Holding kind) noexcept {
  constexpr std::array<std::string_view, 13> kNames = {
      "control", "request",  "pending",  "stream",  "operation", "task", "job",
      "event",   "workflow", "outbound", "channel", "database",  "lease"};
  return kNames[static_cast<std::size_t>(kind)];
}

namespace {

bool is_call(Holding kind) noexcept {
  return kind != Holding::database && kind != Holding::lease;
}

}  // namespace

Ledger::Entry::Entry(Ledger& ledger, Holding kind, std::string_view place, std::string_view correlation_id)
    : ledger_(ledger), kind_(kind), place_(place), correlation_id_(correlation_id), since_(Clock::now()) {
  const std::lock_guard lock(ledger_.mutex_);
  next = &ledger_.ends_;
  previous = ledger_.ends_.previous;
  previous->next = next->previous = this;
  ++ledger_.size_;
  if (!is_call(kind_)) ++ledger_.not_given_back_;
  ++ledger_.entered_;
}

Ledger::Entry::~Entry() {
  const std::lock_guard lock(ledger_.mutex_);
  previous->next = next;
  next->previous = previous;
  --ledger_.size_;
  if (!is_call(kind_)) --ledger_.not_given_back_;
}

std::vector<Ledger::Line> Ledger::lines() const {
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  std::vector<Line> out;
  out.reserve(size_);
  for (const Link* link = ends_.next; link != &ends_; link = link->next) {
    const auto& entry = static_cast<const Entry&>(*link);
    out.push_back({entry.kind_, std::string(entry.place_), std::string(entry.correlation_id_),
                   std::chrono::duration_cast<std::chrono::microseconds>(now - entry.since_)});
  }
  return out;
}

std::size_t Ledger::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

std::size_t Ledger::calls() const {
  const std::lock_guard lock(mutex_);
  return size_ - not_given_back_;
}

std::uint64_t Ledger::entered() const {
  const std::lock_guard lock(mutex_);
  return entered_;
}

}  // namespace kernel::loader
