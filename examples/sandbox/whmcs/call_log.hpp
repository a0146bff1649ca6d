// What the call log keeps of a form. Secrets never enter.
#pragma once

#include <boost/json.hpp>

#include "examples/sandbox/whmcs/php_form.hpp"

namespace sandbox::whmcs {

/// Every parameter but the action, secrets replaced.
boost::json::object logged_params(const FormValue& form);

}  // namespace sandbox::whmcs
