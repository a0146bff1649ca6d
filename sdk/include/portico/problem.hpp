// The one failure type of host and plugins: an RFC 9457 problem with a stable dotted code.
#pragma once

#include <boost/json/object.hpp>
#include <exception>
#include <string>
#include <utility>

namespace portico {

/// A failure that has an answer for the caller.
///
/// status    HTTP status the outermost caller gets
/// code      stable, dotted, safe to show ("billing.invoice_not_found"); listed in docs/reference/errors.md
/// detail    for the log only; never shown
/// retry_after_s  seconds for Retry-After; 0 sends none
/// members   extra members of the problem document, e.g. "errors": [{"pointer","code"}]
class Problem : public std::exception {
 public:
  Problem(int status, std::string code, std::string detail = {}, int retry_after_s = 0,
          boost::json::object members = {})
      : status(status),
        code(std::move(code)),
        detail(std::move(detail)),
        retry_after_s(retry_after_s),
        members(std::move(members)) {}

  const char* what() const noexcept override { return detail.empty() ? code.c_str() : detail.c_str(); }

  int status;
  std::string code;
  std::string detail;
  int retry_after_s;
  boost::json::object members;
};

}  // namespace portico
