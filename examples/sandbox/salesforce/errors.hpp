// Every error the played Salesforce can answer with, in one table, so that a text can be corrected in one
// place.
#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sandbox::salesforce {

/// One row of the table; the row's name is what a fault order calls it.
enum class Err {
  kSessionExpired,
  kSessionNotForRest,
  kBadAuthHeader,
  kDailyLimit,
  kConcurrentLimit,
  kApiDisabled,
  kNoAccess,
  kNoAccessToReference,
  kNotFound,
  kNoExternalIdField,
  kDeleted,
  kMalformedId,
  kBadReference,
  kMalformedQuery,
  kInvalidField,
  kNoColumnOnWrite,
  kInvalidType,
  kFilterOperator,
  kQueryLocator,
  kOutOfRange,
  kQueryTooComplicated,
  kQueryTimeout,
  kJsonParser,
  kRequired,
  kTooLong,
  kBadEmail,
  kBadPicklist,
  kNotWritable,
  kValidationRule,
  kIntegrity,
  kTrigger,
  kDuplicateValue,
  kDuplicatesDetected,
  kLockRow,
  kRolledBack,
  kHalted,
  kBatchHalted,
  kStorage,
  kPublishingLimit,
  kMethod,
  kMediaType,
  kUnavailable,
  kUnknown,
  kUriTooLong,
  kHeadersTooLong,
  kTooMany,
  kNoStandardPrice,
  kActivation,
  kDeleteFailed,
  kForeignKey,
  kNotSupported,
};

struct ErrorRow {
  Err kind;
  std::string_view name;  // of a fault order
  int status;
  std::string_view code;
  std::string_view text;  // {} are filled in
};

const ErrorRow& row_of(Err kind);
/// By the row's name or its errorCode (the first row with it); null if there is none.
const ErrorRow* find_row(std::string_view name);

/// A refused call or record.
struct ApiError : std::runtime_error {
  ApiError(Err error, std::string message);
  /// The error with the names of the fields it is about.
  ApiError on(std::vector<std::string> names) &&;

  int status() const { return status_override != 0 ? status_override : row_of(kind).status; }
  std::string_view code() const { return row_of(kind).code; }
  /// {message, errorCode[, fields]}, as in the array at the top of a REST answer.
  boost::json::object top_level() const;
  /// {statusCode, message, fields}, as inside the results of collections.
  boost::json::object in_result() const;

  Err kind;
  int status_override = 0;  // where a switch says another
  bool shows_fields = false;
  std::vector<std::string> fields;
  boost::json::object extra;  // further members
};

template <typename... Args>
ApiError refusal(Err kind, const Args&... args) {
  return ApiError(kind, fmt::vformat(row_of(kind).text, fmt::make_format_args(args...)));
}

}  // namespace sandbox::salesforce
