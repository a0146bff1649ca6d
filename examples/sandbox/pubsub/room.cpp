// Start, end and memory of the room.
#include "examples/sandbox/pubsub/room.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/pubsub/calls.hpp"
#include "examples/sandbox/pubsub/subscription.hpp"

namespace sandbox::pubsub {

namespace json = boost::json;

Room::Room(const Clock& clock, FaultBook& faults, salesforce::Room& org, StateFile& state,
           std::string events_file)
    : state_(state), bus_(clock, faults, org, std::move(events_file)) {
  org.set_on_change([this] { bus_.collect(); });
}

Room::~Room() {
  stop();
}

void Room::start(const std::string& bind, std::uint16_t port, const std::string& tls_folder) {
  {
    // An org that is older than its bus has nothing to tell of what was.
    const std::lock_guard lock(bus_.mutex);
    if (bus_.last_change < 0) bus_.last_change = bus_.org.last_change();
  }
  bus_.collect();  // what was written just before the program ended
  certificate_ = certificate_in(tls_folder, bind);
  const bool any = bind == "0.0.0.0" || bind == "::";
  host_ = any ? "127.0.0.1" : bind.find(':') == std::string::npos ? bind : "[" + bind + "]";
  if (!tls_folder.empty()) ca_file_ = (std::filesystem::absolute(tls_folder) / "ca.pem").string();
  server_ = std::make_unique<Server>(bind, port, certificate_,
                                     [this](const Incoming& call, std::shared_ptr<Wire> wire) {
                                       return accept(bus_, call, std::move(wire));
                                     });
}

void Room::stop() {
  if (server_) server_->stop();
  bus_.timers.stop();
}

json::object Room::client() const {
  return {{"endpoint", fmt::format("{}:{}", host_, port())}, {"caFile", ca_file_}};
}

json::object Room::summary() {
  json::object out = client();
  const std::lock_guard lock(bus_.mutex);
  json::array streams;
  for (const auto* one : bus_.subscriptions) streams.push_back(one->shown());
  std::int64_t kept = 0;
  std::uint64_t newest = 0;
  for (auto place = bus_.log.begin(); place < bus_.log.end(); ++place) {
    kept += bus_.log.at(place).feed == EventLog::kPosition ? 0 : 1;
    newest = bus_.log.at(place).replay;
  }
  out["events"] = kept;
  out["newest_replay"] = newest;
  out["streams"] = std::move(streams);
  out["calls"] = bus_.calls.counters();
  return out;
}

void Room::reset() {
  {
    const std::lock_guard lock(bus_.mutex);
    bus_.log.clear();
    bus_.switches = {};
    bus_.last_change = bus_.org.last_change();
  }
  bus_.calls.clear();
  state_.commit();
}

json::object Room::to_json() {
  const std::lock_guard lock(bus_.mutex);
  return {{"switches", bus_.switches.to_json()}, {"last_change", bus_.last_change}};
}

void Room::restore(const json::object& from) {
  const std::lock_guard lock(bus_.mutex);
  bus_.switches.update(from.at("switches").as_object());
  take(from, "last_change", bus_.last_change);
}

}  // namespace sandbox::pubsub
