// Typed events between plugins: published with the fact they tell of, delivered at least once.
#pragma once

#include <portico/abi/events.h>

#include <portico/tasks.hpp>

namespace portico {

/// Payload is a contract; name is "<domain>.<what_happened>/<revision>".
template <class Payload>
struct Event {
  const char* name;
};

struct PublishOptions {
  std::string key = {};        // events of one key keep their order
  std::string dedup_key = {};  // a second one with it is not published
};

class Events {
 public:
  explicit Events(const portico_host* host)
      : host_(host),
        table_(host, PORTICO_EXT_EVENTS),
        tasks_(static_cast<const portico_tasks*>(host->extension(host, PORTICO_EXT_TASKS))) {}

  /// [request] [task] Becomes known when the transaction commits. errors: 422 work.invalid
  template <class Payload>
  void publish(Transaction& transaction, const Event<Payload>& event, const Payload& payload,
               const PublishOptions& options = {}) const {
    publish(transaction.handle(), event.name, encode_text(payload), options);
  }
  /// … in a transaction of its own.
  template <class Payload>
  void publish(const Event<Payload>& event, const Payload& payload,
               const PublishOptions& options = {}) const {
    publish(portico_handle{0}, event.name, encode_text(payload), options);
  }

  /// [control] fn(const Payload&, const Job&) gets every such event, perhaps more than once: let
  /// job.complete(transaction) settle the delivery together with its effect, or look before acting.
  template <class Payload, class F>
  void subscribe(const Event<Payload>& event, F fn, const QueueOptions& options = {}) {
    handlers_.push_back(std::make_unique<call::JobHandler>(call::JobHandler{
        host_, tasks_, [fn = std::move(fn)](const Job& job) { fn(call::payload_of<Payload>(job), job); }}));
    const auto raw = options.raw();
    auto error = call::empty_error();
    call::check(table_->subscribe(host_, to_str(event.name), &raw, &call::JobHandler::run,
                                  handlers_.back().get(), &error),
                error, event.name);
  }

 private:
  void publish(portico_handle transaction, const char* name, const std::string& payload,
               const PublishOptions& options) const {
    const portico_publish_options raw{sizeof raw, 0, to_str(options.key), to_str(options.dedup_key)};
    auto error = call::empty_error();
    call::check(table_->publish(host_, transaction, to_str(name), to_str(payload), &raw, &error), error,
                name);
  }

  const portico_host* host_;
  call::Extension<portico_events> table_;
  const portico_tasks* tasks_;
  std::vector<std::unique_ptr<call::JobHandler>> handlers_;
};

}  // namespace portico
