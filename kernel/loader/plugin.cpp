// A plugin's way through its life, one step a function.
#include "kernel/loader/plugin.hpp"

#include <fmt/format.h>

#include <portico/call.hpp>

#include "kernel/loader/call_scope.hpp"
#include "kernel/loader/library.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::loader {

using portico::Problem;

namespace {

constexpr std::chrono::seconds kControlDeadline{10};  // of what create, start and stop ask of the host

CallContext control(Plugin& plugin, std::string_view place) {
  return {&plugin, std::chrono::steady_clock::now() + kControlDeadline, {}, {}, {}, Holding::control, place};
}

}  // namespace

Plugin::Plugin(std::filesystem::path where, Manifest what)
    : manifest(std::move(what)), folder(std::move(where)) {}

Plugin::~Plugin() {
  stop();
}

std::string Plugin::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

void Plugin::advance(Step step, std::string reason) {
  if (!advance_if_possible(step, std::move(reason)))
    throw Problem(500, "plugin.lifecycle",
                  fmt::format("{}: {} does not follow {}", id(), to_string(step), to_string(state())));
}

bool Plugin::advance_if_possible(Step step, std::string reason) {
  const std::lock_guard lock(mutex_);  // a worker that reports its health may meet the one who drains
  const auto next = after(state(), step);
  if (!next) return false;
  reason_ = std::move(reason);
  state_.store(*next, std::memory_order_release);
  return true;
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

std::chrono::microseconds Plugin::processor_time() const {
  const std::lock_guard lock(mutex_);
  auto sum = ended_processor_time_;
  for (const auto& [name, lane] : lanes_) sum += lane->processor_time();
  return sum;
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
  {
    const std::lock_guard lock(mutex_);
    sha256_ = library_->sha256();
  }
  advance(Step::load);
  const auto& entry = library_->entry();
  const CallScope scope(control(*this, "create"));
  auto error = portico::call::empty_error();
  if (const auto status = entry.create(&host_, &instance_, &error); status != PORTICO_OK || !instance_) {
    instance_ = nullptr;
    using portico::call::text_in;
    const auto said = error.detail[0] ? text_in(error.detail) : text_in(error.code);
    throw Problem(500, "plugin.create_failed",
                  status == PORTICO_OK ? "create made no plugin" : std::string(said));
  }
  if (instance_->size < sizeof(portico_plugin) || !instance_->start || !instance_->stop ||
      !instance_->destroy) {
    const auto size =
        std::exchange(instance_, nullptr)->size;  // what it is nobody knows, so it is not destroyed
    throw Problem(
        422, "plugin.wrong_abi",
        fmt::format("the plugin it made says it has {} bytes of {}, or lacks start, stop or destroy", size,
                    sizeof(portico_plugin)));
  }
  advance(Step::create);
}

void Plugin::open_lanes() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, spec] : manifest.lanes)
    lanes_[name] = std::make_unique<Lane>(id() + "." + name, spec);
  auto& tasks = lanes_["tasks"];
  if (!tasks) tasks = std::make_unique<Lane>(id() + ".tasks", kTasksLane);
}

void Plugin::start() {
  advance(Step::start);
  open_lanes();
  const CallScope scope(control(*this, "start"));
  auto error = portico::call::empty_error();
  registering_ = true;
  const auto status = instance_->start(instance_, &error);
  registering_ = false;
  if (status == PORTICO_OK) {
    started_ = true;
    return;
  }
  throw error.status ? portico::call::problem_of(error)
                     : Problem(500, "plugin.start_failed", "start answered " + std::to_string(status));
}

void Plugin::publish() {
  advance(Step::publish);
  std::map<std::string, Check> reported;
  {
    const std::lock_guard lock(mutex_);
    reported = checks_;
  }
  for (const auto& [name, check] : reported) report_health(name, check.state, check.reason);
}

void Plugin::report_health(const std::string& name, observe::HealthState state, const std::string& reason) {
  bool well = true;
  {
    const std::lock_guard lock(mutex_);
    checks_[name] = {state, reason};
    for (const auto& [other, check] : checks_) well = well && check.state == observe::HealthState::ok;
  }
  if (!serves(this->state())) return;
  observe::health().report("plugin." + id() + "." + name, state, reason);
  if (well)
    advance_if_possible(Step::recover);
  else
    advance_if_possible(Step::worsen, name + ": " + reason);
}

std::string Plugin::failed_check() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, check] : checks_)
    if (check.state == observe::HealthState::failed) return name + ": " + check.reason;
  return {};
}

void Plugin::forget_health(const Plugin* successor) {
  std::map<std::string, Check> kept;
  if (successor) {
    const std::lock_guard lock(successor->mutex_);
    kept = successor->checks_;
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [name, check] : checks_)
    if (!kept.contains(name)) observe::health().remove("plugin." + id() + "." + name);
  checks_.clear();
}

void Plugin::fail(std::string reason) {
  end_instance();
  registrations = {};  // drafts of a failed start vanish
  advance(Step::fail, std::move(reason));
  give_image_up();
}

void Plugin::drain(std::string reason) {
  advance_if_possible(Step::drain, std::move(reason));
}

void Plugin::end_instance() {
  for (auto& [name, lane] : lanes_) lane->stop();
  if (instance_) {
    const CallScope scope(control(*this, "stop"));
    if (std::exchange(started_, false)) instance_->stop(instance_);
    instance_->destroy(std::exchange(instance_, nullptr));
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [name, lane] : lanes_) ended_processor_time_ += lane->processor_time();
  lanes_.clear();
}

void Plugin::stop() {
  drain("the host stops");
  end_instance();
  advance_if_possible(Step::stop, reason());
}

void Plugin::retire() {
  if (!advance_if_possible(Step::retire, reason())) return;
  if (give_image_up()) advance(Step::unmap, reason());
}

/// returns   it is proven to be gone
bool Plugin::give_image_up() {
  if (!library_) return false;
  const auto library = std::move(library_);
  if (manifest.unload == "unloadable" && ledger.size() == 0) {
    const auto why_not = library->unmap();
    if (why_not.empty()) return true;
    observe::log(observe::Level::warning, "loader", "an image stays mapped",
                 {{"plugin", id()}, {"reason", why_not}});
  }
  retired_bytes_ = library->size();
  return false;
}

}  // namespace kernel::loader
