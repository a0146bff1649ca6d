// eventbus.v1 messages, and the codes in trailers.
#include "events/wire.hpp"

#include <eventbus.pb.h>

#include <portico/problem.hpp>

namespace salesforce::events {

namespace bus = eventbus::v1;
using portico::Problem;
using portico::RpcCode;

namespace {

constexpr std::string_view kPrefix = "sfdc.platform.eventbus.grpc.";

[[noreturn]] void fail(const portico::RpcStatus& status, const std::string& what) {
  const auto code = error_code(status);
  const auto detail = what + ": " + std::to_string(static_cast<int>(status.code)) + " " + code;
  if (is_unauthenticated(status)) throw Problem(401, "crm.bus_unauthenticated", detail);
  switch (status.code) {
    case RpcCode::not_found:
      throw Problem(502, "crm.topic_unknown", detail);
    case RpcCode::permission_denied:
    case RpcCode::invalid_argument:
      throw Problem(502, "crm.topic_refused", detail);
    default:
      throw Problem(503, "crm.bus_unavailable", detail, 5);
  }
}

template <class Message>
Message parsed(std::string_view bytes, const char* what) {
  Message message;
  if (bytes.size() > INT32_MAX || !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw Problem(502, "crm.event_unreadable", std::string(what) + " is no protobuf message of that kind");
  return message;
}

}  // namespace

std::string fetch(std::string_view topic, From from, std::string_view replay_id, int count) {
  bus::FetchRequest request;
  request.set_topic_name(std::string(topic));
  request.set_num_requested(count);
  request.set_replay_preset(from == From::earliest ? bus::EARLIEST
                            : from == From::latest ? bus::LATEST
                                                   : bus::CUSTOM);
  if (from == From::after) request.set_replay_id(std::string(replay_id));
  return request.SerializeAsString();
}

std::string fetch_more(std::string_view topic, int count) {
  bus::FetchRequest request;
  request.set_topic_name(std::string(topic));
  request.set_num_requested(count);
  return request.SerializeAsString();
}

Batch read_batch(std::string_view bytes) {
  auto reply = parsed<bus::FetchResponse>(bytes, "FetchResponse");
  Batch batch;
  batch.latest_replay_id = reply.latest_replay_id();
  batch.pending = reply.pending_num_requested();
  for (auto& one : *reply.mutable_events())
    batch.events.push_back(
        {std::move(*one.mutable_event()->mutable_id()), std::move(*one.mutable_event()->mutable_schema_id()),
         std::move(*one.mutable_event()->mutable_payload()), std::move(*one.mutable_replay_id())});
  return batch;
}

portico::ChannelCall call_of(const Access& access, std::string method, std::string message) {
  portico::ChannelCall call;
  call.upstream = std::string(kUpstream);
  call.operation = method;
  call.method = "/eventbus.v1.PubSub/" + std::move(method);
  call.metadata = {
      {"accesstoken", access.token}, {"instanceurl", access.instance_url}, {"tenantid", access.tenant_id}};
  call.message = std::move(message);
  return call;
}

void check_topic(const portico::Channels& channels, const Access& access, std::string_view topic) {
  bus::TopicRequest request;
  request.set_topic_name(std::string(topic));
  const auto reply = channels.call(call_of(access, "GetTopic", request.SerializeAsString()));
  if (reply.status.code != RpcCode::ok) fail(reply.status, "GetTopic " + std::string(topic));
  if (!parsed<bus::TopicInfo>(reply.message, "TopicInfo").can_subscribe())
    throw Problem(502, "crm.topic_refused", std::string(topic) + " cannot be subscribed to");
}

std::string get_schema(const portico::Channels& channels, const Access& access, std::string_view id) {
  bus::SchemaRequest request;
  request.set_schema_id(std::string(id));
  const auto reply = channels.call(call_of(access, "GetSchema", request.SerializeAsString()));
  if (reply.status.code != RpcCode::ok) fail(reply.status, "GetSchema");
  return parsed<bus::SchemaInfo>(reply.message, "SchemaInfo").schema_json();
}

std::string error_code(const portico::RpcStatus& status) {
  auto code = status.trailer("error-code");
  if (code.starts_with(kPrefix)) code.remove_prefix(kPrefix.size());
  return std::string(code);
}

bool is_unauthenticated(const portico::RpcStatus& status) {
  return status.code == RpcCode::unauthenticated || error_code(status) == "service.auth.error";
}

bool is_replay_id_refused(const portico::RpcStatus& status) {
  const auto code = error_code(status);
  return code == "subscription.fetch.replayid.corrupted" ||
         code == "subscription.fetch.replayid.validation.failed" ||
         (code.empty() && status.code == RpcCode::invalid_argument &&
          status.text.find("Replay ID") != status.text.npos);
}

}  // namespace salesforce::events
