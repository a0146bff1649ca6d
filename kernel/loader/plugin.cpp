// A plugin's way through its life, one step a function.
#include "kernel/loader/plugin.hpp"

#include <portico/call.hpp>

#include "kernel/loader/call_scope.hpp"
#include "kernel/loader/library.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"

namespace kernel::loader {

using portico::Problem;

namespace {
thread_local const CallContext* t_current = nullptr;
}

CallScope::CallScope(CallContext context) : previous_(t_current), context_(std::move(context)) {
  context_.plugin->inside.fetch_add(1, std::memory_order_relaxed);
  t_current = &context_;
}

CallScope::~CallScope() {
  t_current = previous_;
  context_.plugin->inside.fetch_sub(1, std::memory_order_relaxed);
}

const CallContext* CallScope::current() noexcept {
  return t_current;
}

std::chrono::steady_clock::time_point current_deadline() {
  return t_current ? t_current->deadline : std::chrono::steady_clock::now() + std::chrono::seconds(10);
}

std::string_view to_string(State state) {
  switch (state) {
    case State::discovered:
      return "discovered";
    case State::verified:
      return "verified";
    case State::resolved:
      return "resolved";
    case State::loaded:
      return "loaded";
    case State::starting:
      return "starting";
    case State::active:
      return "active";
    case State::stopped:
      return "stopped";
    case State::rejected:
      return "rejected";
    case State::failed:
      return "failed";
  }
  return "unknown";
}

Plugin::Plugin(std::filesystem::path where, Manifest what)
    : manifest(std::move(what)), folder(std::move(where)) {}

Plugin::~Plugin() {
  stop();
}

void Plugin::refuse(State state, std::string reason) {
  state_ = state;
  reason_ = std::move(reason);
}

bool Plugin::declares_extension(std::string_view id) const {
  for (const auto* list : {&manifest.extensions_required, &manifest.extensions_optional})
    if (std::find(list->begin(), list->end(), id) != list->end()) return true;
  return false;
}

Lane* Plugin::lane(const std::string& name) {
  const auto it = lanes_.find(name.empty() ? "standard" : name);
  return it == lanes_.end() ? nullptr : it->second.get();
}

void Plugin::load(const std::filesystem::path& cache,
                  const void* (*find_extension)(const portico_host*, const char*),
                  void (*release)(const portico_host*, portico_handle)) {
  host_ = {sizeof host_, PORTICO_ABI_MINOR, this, find_extension, release};
  for (const auto& extension : manifest.extensions_required)
    if (!find_extension(&host_, extension.c_str()))
      throw Problem(422, "plugin.extension_missing",
                    "needs " + extension + ", which this host does not offer");
  library_ = std::make_unique<Library>(folder / "plugin.so", cache);
  state_ = State::loaded;
  const auto& entry = library_->entry();
  const CallScope scope({this, std::chrono::steady_clock::now() + std::chrono::seconds(10), {}, {}, {}});
  auto error = portico::call::empty_error();
  if (const auto status = entry.create(&host_, &instance_, &error); status != PORTICO_OK || !instance_) {
    instance_ = nullptr;
    throw Problem(500, "plugin.create_failed", error.detail[0] ? error.detail : error.code);
  }
}

void Plugin::open_lanes() {
  for (const auto& [name, spec] : manifest.lanes)
    lanes_[name] = std::make_unique<Lane>(id() + "." + name, spec);
  lanes_["tasks"] = std::make_unique<Lane>(id() + ".tasks", LaneSpec{1, 64, 3'600'000});
}

void Plugin::start() {
  state_ = State::starting;
  open_lanes();
  const CallScope scope({this, std::chrono::steady_clock::now() + std::chrono::seconds(10), {}, {}, {}});
  auto error = portico::call::empty_error();
  const auto status = instance_->start(instance_, &error);
  if (status == PORTICO_OK) {
    started_ = true;
    return;
  }
  registrations = {};  // drafts of a failed start vanish
  throw error.status ? portico::call::problem_of(error)
                     : Problem(500, "plugin.start_failed", "start answered " + std::to_string(status));
}

void Plugin::stop() {
  for (auto& [name, lane] : lanes_) lane->stop();
  if (instance_) {
    const CallScope scope({this, std::chrono::steady_clock::now() + std::chrono::seconds(10), {}, {}, {}});
    if (std::exchange(started_, false)) instance_->stop(instance_);
    instance_->destroy(std::exchange(instance_, nullptr));
  }
  if (state_ == State::active || state_ == State::starting) state_ = State::stopped;
  lanes_.clear();
}

}  // namespace kernel::loader
