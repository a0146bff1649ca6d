// What the made-up functions share: a default for each, drafts, and failures by script.
#pragma once

#include <portico/abi/idempotency.h>
#include <portico/abi/routes.h>
#include <portico/abi/streams.h>

#include <portico/call.hpp>
#include <string>
#include <type_traits>

#include "kernel/validator/fake_host.hpp"

namespace kernel::validator {

using portico::Problem;
using portico::to_str;
using portico::view;
using Host = const portico_host*;
using Error = portico_error*;

template <class Table>
constexpr std::uint32_t table_size = sizeof(Table);

template <class Arg>
void clear(Arg) {}
template <class T>
requires(std::is_object_v<T> && !std::is_const_v<T> && !std::is_same_v<T, portico_error>) void clear(T* out) {
  if (out) *out = T{};
}

template <class Arg>
void find_error(Error&, Arg) {}
inline void find_error(Error& found, Error argument) {
  found = argument;
}

/// A function that says yes, and clears what it would hand out; or fails where the script says so.
template <auto Member>
struct Yes;
template <class Table, class Answer, class... Args, Answer (*Table::*Member)(Host, Args...)>
struct Yes<Member> {
  static Answer call(Host host, Args... args) {
    if constexpr (std::is_void_v<Answer>) {
      (void)host;
    } else {
      static_assert(std::is_same_v<Answer, portico_status>);
      Error error = nullptr;
      (find_error(error, args), ...);
      const auto status = FakeHost::of(host).enter(error);
      if (status == PORTICO_OK) (clear(args), ...);
      return status;
    }
  }
};
template <auto Member>
constexpr auto yes = &Yes<Member>::call;

inline std::string text_of(portico_str s) {
  return std::string(view(s));
}

inline portico_status problem(Error error, int status, const char* code) {
  return portico::call::fill(error, Problem(status, code, "the validator's host has nothing behind it"));
}

/// A registration: only while starting.
inline portico_status draft(Host host, Error error) {
  auto& fake = FakeHost::of(host);
  if (const auto status = fake.enter(error); status != PORTICO_OK) return status;
  if (fake.registering) return PORTICO_OK;
  fake.complain("registered something outside start");
  return problem(error, 409, "plugin.not_starting");
}

extern const portico_routes kFakeRoutes;
extern const portico_exchange kFakeExchange;
extern const portico_idempotency kFakeIdempotency;
extern const portico_streams kFakeStreams;

}  // namespace kernel::validator
