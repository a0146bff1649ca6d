// Who may call: the rejections WHMCS makes before an action runs, in its order and words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "examples/sandbox/whmcs/php_form.hpp"
#include "examples/sandbox/whmcs/switches.hpp"

namespace sandbox::whmcs {

struct Rejection {
  int status = 403;
  std::string message;
};

/// Text of a request variable; "" when absent or an array.
std::string_view text_of(const FormValue& form, std::string_view name);

/// ip → credentials → empty action → role → action exists. Nothing means: go on to the action.
std::optional<Rejection> reject(const FormValue& form, std::string_view peer_ip, std::string_view action,
                                bool action_exists, const Switches& switches);

}  // namespace sandbox::whmcs
