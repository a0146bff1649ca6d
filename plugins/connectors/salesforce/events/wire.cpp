// eventbus.v1 messages, and the codes in trailers.
#include "events/wire.hpp"

#include <algorithm>
#include <portico/problem.hpp>

#include "events/protobuf.hpp"

namespace salesforce::events {

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

// Numbers of the fields of eventbus.v1.
namespace fetch_request {
enum { topic_name = 1, replay_preset = 2, replay_id = 3, num_requested = 4 };
}
namespace fetch_response {
enum { events = 1, latest_replay_id = 2, pending_num_requested = 4 };
}
namespace consumer_event {
enum { event = 1, replay_id = 2 };
}
namespace producer_event {
enum { id = 1, schema_id = 2, payload = 3 };
}
namespace topic_request {
enum { topic_name = 1 };
}
namespace topic_info {
enum { can_subscribe = 4 };
}
namespace schema_request {
enum { schema_id = 1 };
}
namespace schema_info {
enum { schema_json = 1 };
}

enum Preset { kLatest = 0, kEarliest = 1, kCustom = 2 };

constexpr std::size_t kMostEvents = 1000;  // of a reply; 100 can have been asked for

RawEvent read_event(std::string_view bytes) {
  RawEvent out;
  for (protobuf::Reader consumer(bytes); consumer.next();) {
    if (consumer.field() == consumer_event::replay_id) out.replay_id = consumer.text();
    if (consumer.field() != consumer_event::event) continue;
    for (protobuf::Reader producer(consumer.text()); producer.next();) {
      if (producer.field() == producer_event::id) out.id = producer.text();
      if (producer.field() == producer_event::schema_id) out.schema_id = producer.text();
      if (producer.field() == producer_event::payload) out.payload = producer.text();
    }
  }
  return out;
}

}  // namespace

std::string fetch(std::string_view topic, From from, std::string_view replay_id, int count) {
  protobuf::Writer request;
  request.text(fetch_request::topic_name, topic)
      .number(fetch_request::replay_preset, from == From::earliest ? kEarliest
                                            : from == From::latest ? kLatest
                                                                   : kCustom);
  if (from == From::after) request.text(fetch_request::replay_id, replay_id);
  return request.number(fetch_request::num_requested, count).take();
}

std::string fetch_more(std::string_view topic, int count) {
  return protobuf::Writer()
      .text(fetch_request::topic_name, topic)
      .number(fetch_request::num_requested, count)
      .take();
}

Batch read_batch(std::string_view bytes) {
  Batch batch;
  for (protobuf::Reader reply(bytes); reply.next();) {
    if (reply.field() == fetch_response::latest_replay_id) batch.latest_replay_id = reply.text();
    if (reply.field() == fetch_response::pending_num_requested)
      batch.pending = static_cast<int>(std::min<std::uint64_t>(reply.number(), kMostEvents));
    if (reply.field() != fetch_response::events) continue;
    if (batch.events.size() >= kMostEvents)
      throw Problem(502, "crm.event_unreadable", "more events than can have been asked for");
    batch.events.push_back(read_event(reply.text()));
  }
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
  const auto reply = channels.call(
      call_of(access, "GetTopic", protobuf::Writer().text(topic_request::topic_name, topic).take()));
  if (reply.status.code != RpcCode::ok) fail(reply.status, "GetTopic " + std::string(topic));
  for (protobuf::Reader info(reply.message); info.next();)
    if (info.field() == topic_info::can_subscribe && info.number() != 0) return;
  throw Problem(502, "crm.topic_refused", std::string(topic) + " cannot be subscribed to");
}

std::string get_schema(const portico::Channels& channels, const Access& access, std::string_view id) {
  const auto reply = channels.call(
      call_of(access, "GetSchema", protobuf::Writer().text(schema_request::schema_id, id).take()));
  if (reply.status.code != RpcCode::ok) fail(reply.status, "GetSchema");
  std::string out;
  for (protobuf::Reader info(reply.message); info.next();)
    if (info.field() == schema_info::schema_json) out = info.text();
  return out;
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
