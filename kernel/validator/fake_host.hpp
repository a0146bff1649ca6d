// A host of the validator's own making: every extension, nothing behind it, and each answer by script.
#pragma once

#include <portico/abi/plugin.h>
#include <portico/abi/routes.h>

#include <atomic>
#include <boost/json.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "kernel/loader/handles.hpp"
#include "kernel/loader/manifest.hpp"
#include "kernel/validator/guarded.hpp"

namespace kernel::validator {

/// What the host offers of its tables.
enum class Offer {
  all,         // what the manifest asks for, each table ending where unmapped memory begins
  required,    // what the manifest requires, and nothing else
  nothing,     // null for every id
  shortened,   // each table too short by its last function
  lengthened,  // each table longer, as a later host's are; the functions it adds end the process
};

struct Script {
  Offer offer = Offer::all;
  std::int64_t failing_call = 0;  // the n-th call that can fail does; 0: none
  bool cancelled = false;         // every request has lost its client and its time
  bool upstreams_answer = false;  // 200 and "{}"; else 503 upstream.unavailable
  boost::json::object config;
};

struct FakeRoute {
  std::string method, pattern;
  portico_route_fn handler = nullptr;
  void* user = nullptr;
};

struct FakeCall {  // a task, an operation, a subscriber, …: what it is, and how to run it once
  std::string what;
  std::function<portico_status(portico_error*)> run;
};

/// One request, and its one answer.
struct FakeExchange {
  std::string method, path, body;
  std::map<std::string, std::string> parameters;
  bool cancelled = false;
  std::mutex mutex;
  std::condition_variable answered;
  int answers = 0;    // how often it was answered
  int status = 0;     // of the first
  std::string fault;  // why the answer is none
  std::function<void()> on_cancel;
  std::size_t body_read = 0;  // by pieces
};

class FakeHost {
 public:
  FakeHost(const loader::Manifest& manifest, Script script);
  ~FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const portico_host* raw() const { return raw_; }
  static FakeHost& of(const portico_host* host) { return *static_cast<FakeHost*>(host->context); }
  /// The ids this host has tables for: those of the real one.
  static std::set<std::string> extension_ids();
  /// A settings object that the schema allows: defaults, and invented values where there are none.
  static boost::json::object config_for(const loader::Manifest& manifest);

  /// Counts the call; not PORTICO_OK where the script lets it fail.
  portico_status enter(portico_error* error);
  void complain(std::string what);
  portico_buffer lease(std::string text);

  Script script;
  const loader::Manifest& manifest;
  std::atomic<bool> registering{false};
  std::atomic<std::int64_t> calls{0};

  std::mutex mutex;  // of what follows, down to complaints
  std::vector<FakeRoute> routes;
  std::vector<FakeCall> background;  // tasks, operations, subscribers, the authenticator
  std::vector<std::string> complaints;

  loader::Handles<std::string> leases;
  loader::Handles<FakeExchange> exchanges;
  loader::Handles<std::string> replies;
  loader::Handles<int> transactions;
  loader::Handles<int> streams;

 private:
  const void* find(const std::string& id);

  Guarded memory_;
  portico_host* raw_ = nullptr;
  std::map<std::string, const void*> tables_;
};

/// Runs a route once and waits for its answer. For a worker thread.
///
/// returns   what it did wrong; empty: one orderly answer
std::string ask(FakeHost& host, const FakeRoute& route, std::string body);

}  // namespace kernel::validator
