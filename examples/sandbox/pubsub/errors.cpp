// The rows. Statuses of rows that the reference marks uncertain are guesses; the switch `statuses` changes
// them.
#include "examples/sandbox/pubsub/errors.hpp"

#include <fmt/format.h>

namespace sandbox::pubsub {

namespace {

constexpr std::string_view kPrefix = "sfdc.platform.eventbus.grpc.";

// Numbers of gRPC.
constexpr int kInvalidArgument = 3, kDeadlineExceeded = 4, kNotFound = 5, kAlreadyExists = 6,
              kPermissionDenied = 7, kResourceExhausted = 8, kFailedPrecondition = 9, kInternal = 13,
              kUnavailable = 14, kUnauthenticated = 16;

constexpr ErrorRow kRows[] = {
    {"service.auth.error", kUnauthenticated,
     "An authentication exception occurred. Provide valid authentication via metadata headers."},
    {"service.auth.headers.invalid", kInvalidArgument,
     "Authentication headers are missing or blank: accesstoken, instanceurl and tenantid are needed."},
    {"service.auth.refresh.invalid", kInvalidArgument, "The authentication refresh is invalid."},
    {"service.unavailable", kUnavailable, "The service is temporarily unavailable."},
    {"service.protection.triggered", kResourceExhausted, "The service protects itself: slow down."},
    {"service.protection.stream.limit.triggered", kResourceExhausted, "Too many streams are open."},
    {"service.tenant.license", kPermissionDenied, "The org is not licensed for this."},
    {"concurrent.client.limit.exceeded", kResourceExhausted, "Too many clients are connected."},
    {"topic.not.found", kNotFound, "The topic does not exist."},
    {"topic.meta.permission", kPermissionDenied,
     "An error occurred while getting the metadata for the topic. Ensure the credentials and topic name are "
     "correct."},
    {"topic.api.unavailable", kUnavailable, "Topics cannot be looked up at the moment."},
    {"schema.api.unavailable", kUnavailable, "Schemas cannot be looked up at the moment."},
    {"topic.validation.empty", kInvalidArgument, "Topic validation failed. The topic name can't be blank."},
    {"publish.topic.validation.empty", kInvalidArgument,
     "Topic validation failed. The topic name can't be blank."},
    {"schema.validation.failed", kInvalidArgument, "Schema validation failed. The schema ID can't be blank."},
    {"schema.meta.permission", kPermissionDenied,
     "An error occurred while getting the schema. Ensure the credentials and schema ID are correct."},
    {"subscription.fetch.replayid.corrupted", kInvalidArgument,
     "The Replay ID validation failed. Ensure that the Replay ID is valid."},
    {"subscription.fetch.replayid.validation.failed", kInvalidArgument,
     "The Replay ID validation failed. A Replay ID is needed with the CUSTOM preset."},
    {"subscription.fetch.requested.events.invalid", kInvalidArgument,
     "The number of requested events must be greater than 0."},
    {"subscription.fetch.topic.mismatch", kInvalidArgument,
     "The topic of a fetch request must be the one the stream began with."},
    {"subscription.fetch.overflow", kResourceExhausted,
     "More events were requested than may be outstanding."},
    {"subscription.fetch.request.invalid", kInvalidArgument, "The fetch request is invalid."},
    {"subscription.fetch.replay.repeated", kInvalidArgument,
     "A replay position belongs into the first fetch request."},
    {"subscription.internal.error", kInternal, "The subscription ended with an internal error."},
    {"subscription.topic.cannot.subscribe", kPermissionDenied, "The topic cannot be subscribed to."},
    {"subscription.limit.exceeded", kResourceExhausted,
     "You have exceeded the event delivery limit for your org."},
    {"publish.topic.mismatch", kInvalidArgument,
     "The topic of a publish request must be the one the stream began with."},
    {"publish.event.count.invalid", kInvalidArgument, "A publish request needs at least one event."},
    {"publish.stream.sweeper.timeout", kDeadlineExceeded, "Nothing was published for too long."},
    {"publish.auth.refresh.invalid", kInvalidArgument, "The authentication refresh is invalid."},
    {"managed.subscription.already.active", kAlreadyExists, "The managed subscription is in use."},
    {"managed.subscription.config.stopped", kFailedPrecondition, "The managed subscription is stopped."},
    {"managed.subscription.config.deleted", kFailedPrecondition, "The managed subscription is deleted."},
    {"managed.subscription.developer.name.not.found", kNotFound,
     "There is no managed subscription of this name."},
    {"managed.subscription.subscription.id.not.found", kNotFound,
     "There is no managed subscription with this ID."},
    {"managed.subscription.subscription.id.invalid", kInvalidArgument, "The subscription ID is invalid."},
    {"managed.subscription.id.or.developer.name.empty", kInvalidArgument,
     "A subscription ID or developer name is needed."},
    {"managed.subscription.fetch.request.events.invalid", kInvalidArgument,
     "The number of requested events must be greater than 0."},
    {"managed.subscription.fetch.request.invalid", kInvalidArgument, "The fetch request is invalid."},
    {"managed.subscription.fetch.request.commit.request.restricted", kInvalidArgument,
     "The first request cannot commit."},
    {"managed.subscription.fetch.request.auth.request.restricted", kInvalidArgument,
     "The first request cannot refresh authentication."},
};

}  // namespace

const ErrorRow* find_error(std::string_view code) {
  if (code.starts_with(kPrefix)) code.remove_prefix(kPrefix.size());
  for (const auto& row : kRows)
    if (row.code == code) return &row;
  return nullptr;
}

BusError::BusError(std::string_view which, std::string detail)
    : std::runtime_error(detail.empty() && find_error(which) != nullptr ? std::string(find_error(which)->text)
                                                                        : std::move(detail)),
      code(which) {}

End end_of(const BusError& error, const std::map<std::string, int>& statuses, const std::string& rpc_id) {
  const ErrorRow* row = find_error(error.code);
  const std::string code(row == nullptr ? std::string_view(error.code) : row->code);
  const auto said = statuses.find(code);
  const int status = said != statuses.end() ? said->second : row == nullptr ? kUnavailable : row->status;
  return {status,
          fmt::format("{} rpcId: {}", error.what(), rpc_id),
          {{"error-code", fmt::format("{}{}", kPrefix, code)}, {"rpc-id", rpc_id}},
          false};
}

}  // namespace sandbox::pubsub
