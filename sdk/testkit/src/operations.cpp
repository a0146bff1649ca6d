// portico.operations/1: calls to what the test provides, and to what the plugin provides itself.
#include <fmt/format.h>

#include "state.hpp"

namespace portico::testkit {

namespace {

portico_status provide(const portico_host* host, portico_str name, portico_operation_fn fn, void* user,
                       portico_error* error) {
  return registering_call(host, "operations.provide", error, [&](State& s) {
    const auto text = text_of(name);
    if (!s.manifest.names(s.manifest.operations_provided, text))
      s.not_in_manifest("operation " + text, "operations.provides");
    if (!s.operations.emplace(text, std::pair{fn, user}).second)
      throw Problem(422, "plugin.operation_twice", text + " is provided twice");
    s.registered.operations.push_back(text);
  });
}

portico_status call_one(const portico_host* host, portico_str name, portico_str arguments,
                        portico_buffer* out, portico_error* error) {
  return host_call(host, {"operations.call", kRequest | kTask}, error, [&](State& s) {
    const auto text = text_of(name);
    if (!s.manifest.names(s.manifest.operations_used, text))
      s.not_in_manifest("operation " + text, "operations");
    s.check_no_transaction("operation " + text + " was called");
    TestHost::OperationFn foreign;
    {
      const std::lock_guard lock(s.mutex);
      if (const auto it = s.foreign_operations.find(text); it != s.foreign_operations.end())
        foreign = it->second;
    }
    const auto* scope = Scope::current(s);
    auto result = foreign ? foreign(view(arguments))
                          : s.run_operation(text, view(arguments), scope ? scope->place : kRequest);
    *out = s.lease_text(std::move(result), "operations.call");
  });
}

portico_status reply(const portico_host* host, portico_handle handle, portico_str result) {
  return host_call(host, {"operations.reply", kRequest | kTask}, nullptr, [&](State& s) -> portico_status {
    const std::lock_guard lock(s.mutex);
    const auto slot = s.replies.find(handle);
    if (!slot) {
      s.faults.emplace_back("operations.reply was given a reply that has ended or never was");
      return PORTICO_E_STALE;
    }
    if (slot->text) {
      s.faults.push_back("operations.reply was called twice in " + slot->of);
      return PORTICO_E_INVALID;
    }
    slot->text = text_of(result);
    return PORTICO_OK;
  });
}

}  // namespace

std::string State::run_operation(const std::string& name, std::string_view arguments, Place place) {
  const auto it = operations.find(name);
  if (it == operations.end()) throw Problem(503, "service.not_provided", name, 30);
  const auto slot = std::make_shared<Slot>();
  slot->of = "operation " + name;
  portico_handle handle;
  {
    const std::lock_guard lock(mutex);
    replies.add(handle = new_handle(), slot);
  }
  auto error = call::empty_error();
  const auto status = run(place, slot->of, [&] {
    return it->second.first(it->second.second, to_str(arguments), handle, &error);
  });
  const std::lock_guard lock(mutex);
  replies.take(handle);
  if (status == PORTICO_E_PROBLEM && error.status) throw call::problem_of(error);
  if (status == PORTICO_OK && slot->text) return *slot->text;
  if (failed != "operations.reply") faults.push_back(slot->of + " gave no result");
  throw Problem(500, "service.broken", name + " gave no result");
}

const portico_operations kOperations{sizeof(portico_operations), 0, provide, call_one, reply};

}  // namespace portico::testkit
