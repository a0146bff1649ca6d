// Failures as a small page, for a browser that follows a link or posts a form.
#pragma once

#include <portico/problem.hpp>
#include <string_view>

#include "kernel/front/message.hpp"

namespace kernel::policy {

/// Whether the Accept field names text/html: a person looks at the answer, not a script.
bool wants_page(const front::Request& request);

/// The answer to a failure as a page of its own, without script; language is "en" or "ja".
front::Response problem_page(const portico::Problem& problem, std::string_view correlation_id,
                             std::string_view language);

}  // namespace kernel::policy
