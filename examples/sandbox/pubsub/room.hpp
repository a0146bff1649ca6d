// The played event bus as a room of the sandbox: its server, its memory and its part of the control API.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "examples/sandbox/common/state_file.hpp"
#include "examples/sandbox/http/router.hpp"
#include "examples/sandbox/pubsub/bus.hpp"
#include "examples/sandbox/pubsub/server.hpp"

namespace sandbox::pubsub {

/// All members may be used by many threads. The clock, faults, org and state file outlive the room.
class Room {
 public:
  /// events_file  see EventLog
  Room(const Clock& clock, FaultBook& faults, salesforce::Room& org, StateFile& state,
       std::string events_file);
  ~Room();

  /// /control/pubsub/…
  void mount(Router& router);
  /// Listens; to be called once, after restore.
  ///
  /// tls_folder  see certificate_in
  /// errors      std::runtime_error if the port is taken or the certificates cannot be kept
  void start(const std::string& bind, std::uint16_t port, const std::string& tls_folder);
  /// Ends every call and thread; repeating is harmless.
  void stop();

  std::uint16_t port() const { return server_ ? server_->port() : 0; }
  /// What a client needs: {endpoint, caFile}.
  boost::json::object client() const;
  boost::json::object summary();
  void clock_moved() { bus_.timers.clock_moved(); }
  /// Events, switches and calls; replay ids go on. The org has been reset before.
  void reset();

  boost::json::object to_json();
  void restore(const boost::json::object& from);

 private:
  // control.cpp
  boost::json::object publish_many(const boost::json::object& order);
  boost::json::object publish_change(const boost::json::object& order);
  boost::json::array events(const std::string& topic, std::uint64_t since);
  std::int64_t cut_streams(const boost::json::object& order);
  void change_switches(const boost::json::object& changes);

  StateFile& state_;
  Bus bus_;
  Certificate certificate_;
  std::string host_, ca_file_;
  std::unique_ptr<Server> server_;
};

}  // namespace sandbox::pubsub
