// The texts.
#include "examples/sandbox/salesforce/errors.hpp"

#include <algorithm>
#include <array>

namespace sandbox::salesforce {

namespace {

constexpr std::array<ErrorRow, 51> kRows{{
    {Err::kSessionExpired, "session_expired", 401, "INVALID_SESSION_ID", "Session expired or invalid"},
    {Err::kSessionNotForRest, "session_not_for_rest", 401, "INVALID_SESSION_ID",
     "This session is not valid for use with the REST API"},
    {Err::kBadAuthHeader, "bad_auth_header", 401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"},
    {Err::kDailyLimit, "daily_limit", 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."},
    {Err::kConcurrentLimit, "concurrent_limit", 403, "REQUEST_LIMIT_EXCEEDED",
     "ConcurrentRequests (Concurrent API Requests) Limit exceeded."},
    {Err::kApiDisabled, "api_disabled", 403, "API_DISABLED_FOR_ORG",
     "The REST API is not enabled for this Organization."},
    {Err::kNoAccess, "no_access", 403, "INSUFFICIENT_ACCESS_OR_READONLY",
     "insufficient access rights on object id"},
    {Err::kNoAccessToReference, "no_access_to_reference", 400,
     "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id: {}"},
    {Err::kNotFound, "not_found", 404, "NOT_FOUND", "The requested resource does not exist"},
    {Err::kNoExternalIdField, "no_external_id_field", 404, "NOT_FOUND",
     "Provided external ID field does not exist or is not accessible: {}"},
    {Err::kDeleted, "deleted", 404, "ENTITY_IS_DELETED", "entity is deleted"},
    {Err::kMalformedId, "malformed_id", 400, "MALFORMED_ID", "{}: id value of incorrect type: {}"},
    {Err::kBadReference, "bad_reference", 400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"},
    {Err::kMalformedQuery, "malformed_query", 400, "MALFORMED_QUERY", "{}"},
    {Err::kInvalidField, "invalid_field", 400, "INVALID_FIELD", "{}"},
    {Err::kNoColumnOnWrite, "no_column_on_write", 400, "INVALID_FIELD",
     "No such column '{}' on sobject of type {}"},
    {Err::kInvalidType, "invalid_type", 400, "INVALID_TYPE",
     "sObject type '{}' is not supported. If you are attempting to use a custom object, be sure to append the "
     "'__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."},
    {Err::kFilterOperator, "filter_operator", 400, "INVALID_QUERY_FILTER_OPERATOR", "{}"},
    {Err::kQueryLocator, "query_locator", 400, "INVALID_QUERY_LOCATOR", "invalid query locator"},
    {Err::kOutOfRange, "out_of_range", 400, "NUMBER_OUTSIDE_VALID_RANGE", "{}"},
    {Err::kQueryTooComplicated, "query_too_complicated", 400, "QUERY_TOO_COMPLICATED",
     "Query is either selecting too many fields or the filter conditions are too complicated."},
    {Err::kQueryTimeout, "query_timeout", 400, "QUERY_TIMEOUT",
     "Your query request was running for too long."},
    {Err::kJsonParser, "json_parser", 400, "JSON_PARSER_ERROR", "{} at [line:1, column:{}]"},
    {Err::kRequired, "required", 400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [{}]"},
    {Err::kTooLong, "too_long", 400, "STRING_TOO_LONG", "{}: data value too large: {} (max length={})"},
    {Err::kBadEmail, "bad_email", 400, "INVALID_EMAIL_ADDRESS", "{}: invalid email address: {}"},
    {Err::kBadPicklist, "bad_picklist", 400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
     "{}: bad value for restricted picklist field: {}"},
    {Err::kNotWritable, "not_writable", 400, "INVALID_FIELD_FOR_INSERT_UPDATE",
     "Unable to create/update fields: {}. Please check the security settings of this field and verify that it "
     "is read/write for your profile or permission set."},
    {Err::kValidationRule, "validation_rule", 400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "{}"},
    {Err::kIntegrity, "integrity", 400, "FIELD_INTEGRITY_EXCEPTION", "field integrity exception: {} ({})"},
    {Err::kTrigger, "trigger", 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
     "PortalTrigger: execution of BeforeInsert caused by: System.DmlException"},
    {Err::kDuplicateValue, "duplicate_value", 400, "DUPLICATE_VALUE",
     "duplicate value found: {} duplicates value on record with id: {}"},
    {Err::kDuplicatesDetected, "duplicates_detected", 400, "DUPLICATES_DETECTED",
     "Use one of these records?"},
    {Err::kLockRow, "lock_row", 400, "UNABLE_TO_LOCK_ROW",
     "unable to obtain exclusive access to this record"},
    {Err::kRolledBack, "rolled_back", 400, "ALL_OR_NONE_OPERATION_ROLLED_BACK",
     "Record rolled back because not all records were valid and the request was using AllOrNone header"},
    {Err::kHalted, "halted", 400, "PROCESSING_HALTED",
     "The transaction was rolled back since another operation in the same transaction failed."},
    {Err::kBatchHalted, "batch_halted", 412, "BATCH_PROCESSING_HALTED",
     "Processing of the batch was halted because an earlier request failed."},
    {Err::kStorage, "storage", 403, "STORAGE_LIMIT_EXCEEDED", "storage limit exceeded"},
    {Err::kPublishingLimit, "publishing_limit", 400, "LIMIT_EXCEEDED",
     "The hourly publishing limit of platform events is exceeded."},
    {Err::kMethod, "method", 405, "METHOD_NOT_ALLOWED", "HTTP Method '{}' not allowed. Allowed are {}"},
    {Err::kMediaType, "media_type", 415, "UNSUPPORTED_MEDIA_TYPE",
     "Content-Type header specified in HTTP request is not supported: {}"},
    {Err::kUnavailable, "unavailable", 503, "SERVER_UNAVAILABLE",
     "The server is temporarily unable to answer; try again later."},
    {Err::kUnknown, "unknown", 500, "UNKNOWN_EXCEPTION",
     "An unexpected error occurred. Please include this ErrorId if you contact support: {}"},
    {Err::kUriTooLong, "uri_too_long", 414, "URI_TOO_LONG", "The URI is longer than {} bytes."},
    {Err::kHeadersTooLong, "headers_too_long", 431, "REQUEST_HEADER_FIELDS_TOO_LARGE",
     "The URI and the headers are longer than {} bytes."},
    {Err::kTooMany, "too_many", 400, "EXCEEDED_ID_LIMIT",
     "record limit reached. cannot submit more than {} {}"},
    {Err::kNoStandardPrice, "no_standard_price", 400, "STANDARD_PRICE_NOT_DEFINED",
     "No standard price defined for this product"},
    {Err::kActivation, "activation", 400, "FAILED_ACTIVATION", "{}"},
    {Err::kDeleteFailed, "delete_failed", 400, "DELETE_FAILED", "{}"},
    {Err::kForeignKey, "foreign_key", 400, "INVALID_FIELD",
     "Foreign key external ID: {} not found for field {} in entity {}"},
    {Err::kNotSupported, "not_supported", 400, "INVALID_TYPE_FOR_OPERATION", "{}"},
}};

}  // namespace

const ErrorRow& row_of(Err kind) {
  return kRows.at(static_cast<std::size_t>(kind));
}

const ErrorRow* find_row(std::string_view name) {
  for (const auto& row : kRows)
    if (row.name == name) return &row;
  for (const auto& row : kRows)
    if (row.code == name) return &row;
  return nullptr;
}

ApiError::ApiError(Err error, std::string message) : std::runtime_error(std::move(message)), kind(error) {}

ApiError ApiError::on(std::vector<std::string> names) && {
  fields = std::move(names);
  shows_fields = true;
  return std::move(*this);
}

boost::json::object ApiError::top_level() const {
  boost::json::object out{{"message", what()}, {"errorCode", code()}};
  if (shows_fields) out["fields"] = boost::json::array(fields.begin(), fields.end());
  for (const auto& member : extra) out[member.key()] = member.value();
  return out;
}

boost::json::object ApiError::in_result() const {
  boost::json::object out{{"statusCode", code()},
                          {"message", what()},
                          {"fields", boost::json::array(fields.begin(), fields.end())}};
  for (const auto& member : extra) out[member.key()] = member.value();
  return out;
}

}  // namespace sandbox::salesforce
