// Reading optional members of a control request or of the state file, with a clear refusal of wrong types.
#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace sandbox {

/// A control request that cannot be carried out as written; the text is for the caller.
struct BadRequest : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Takes member `name` into `target` when it is there. errors: BadRequest if its type is another.
template <typename T>
void take(const boost::json::object& from, std::string_view name, T& target) {
  const auto* found = from.if_contains(name);
  if (found == nullptr) return;
  const auto wrong = [&](std::string_view wanted) { throw BadRequest(fmt::format("{}: {}", name, wanted)); };
  if constexpr (std::is_same_v<T, bool>) {
    found->is_bool() ? void(target = found->get_bool()) : wrong("true or false expected");
  } else if constexpr (std::is_same_v<T, std::string>) {
    found->is_string() ? void(target = std::string(found->get_string())) : wrong("text expected");
  } else if constexpr (std::is_floating_point_v<T>) {
    found->is_number() ? void(target = found->to_number<double>()) : wrong("number expected");
  } else {
    boost::system::error_code error;
    const T value = found->is_number() ? found->to_number<T>(error) : T{};
    !found->is_number() || error ? wrong("whole number expected") : void(target = value);
  }
}

/// Refuses members nobody reads, so that a misspelt switch is noticed. errors: BadRequest.
void expect_only(const boost::json::object& from, std::initializer_list<std::string_view> names);
/// The request's body as an object; an empty body is an empty object. errors: BadRequest.
boost::json::object object_of(std::string_view body);

}  // namespace sandbox
