// The answers a handler may give, and how they cross to the host.
#pragma once

#include <portico/abi/exchange.h>

#include <chrono>
#include <portico/call.hpp>
#include <portico/contract.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace portico {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// An answer with headers or a status of its own.
struct Response {
  int status = 200;
  std::string content_type;  // empty: no body
  std::string body;
  Headers headers;
};

/// A contract with a status and headers of its own.
template <class T>
struct Answer {
  T value;
  int status = 200;
  Headers headers;
};

/// What a handler returns that has handed its answer over: Request::later, download or events.
struct Handled {};
inline constexpr Handled handled;

template <class T>
struct is_answer : std::false_type {};
template <class T>
struct is_answer<Answer<T>> : std::true_type {
  using value_type = T;
};

template <class R>
Response to_response(R&& result) {
  using T = std::remove_cvref_t<R>;
  if constexpr (std::is_same_v<T, Response>)
    return std::forward<R>(result);
  else if constexpr (is_answer<T>::value)
    return {result.status, "application/json", encode_text(result.value), std::forward<R>(result).headers};
  else
    return {200, "application/json", encode_text(result), {}};
}

/// Calls use(portico_answer), whose texts are those of the response.
template <class Use>
auto with_answer(const Response& response, Use use) {
  std::vector<portico_header> headers;
  headers.reserve(response.headers.size());
  for (const auto& [name, value] : response.headers) headers.push_back({to_str(name), to_str(value)});
  return use(portico_answer{sizeof(portico_answer), response.status, to_str(response.content_type),
                            to_str(response.body), headers.data(), headers.size()});
}

inline portico_status give_answer(const portico_host* host, const portico_exchange* table,
                                  portico_handle exchange, const Response& response) {
  return with_answer(response,
                     [&](const portico_answer& answer) { return table->answer(host, exchange, &answer); });
}

}  // namespace portico
