// The bus's messages against protobuf's own library, and bytes that are none.
#include "events/wire.hpp"

#include <eventbus.pb.h>

#include <catch2/catch.hpp>
#include <portico/problem.hpp>

#include "events/protobuf.hpp"

using namespace salesforce::events;
namespace bus = eventbus::v1;

TEST_CASE("requests read as protobuf's library reads them") {
  const struct {
    From from;
    std::string replay_id;
    bus::ReplayPreset preset;
  } rows[] = {{From::earliest, "", bus::EARLIEST},
              {From::latest, "", bus::LATEST},
              {From::after, std::string("\x00\xff\x0a\x00", 4), bus::CUSTOM}};
  for (const auto& row : rows) {
    bus::FetchRequest request;
    REQUIRE(request.ParseFromString(fetch("/event/A__e", row.from, row.replay_id, 100)));
    CHECK(request.topic_name() == "/event/A__e");
    CHECK(request.replay_preset() == row.preset);
    CHECK(request.replay_id() == row.replay_id);
    CHECK(request.num_requested() == 100);
  }
  bus::FetchRequest more;
  REQUIRE(more.ParseFromString(fetch_more("/event/A__e", 300)));
  CHECK(more.num_requested() == 300);
  CHECK(more.replay_preset() == bus::LATEST);
}

TEST_CASE("replies read as protobuf's library wrote them, also with fields that nobody knows") {
  bus::FetchResponse reply;
  for (int i = 0; i < 3; ++i) {
    auto& event = *reply.add_events();
    event.set_replay_id(std::string("\x00\x07", 2) + static_cast<char>('0' + i));
    event.mutable_event()->set_id("event-" + std::to_string(i));
    event.mutable_event()->set_schema_id("schema");
    event.mutable_event()->set_payload(std::string(200, '\x80'));
    event.mutable_event()->add_headers()->set_key("k");
  }
  reply.set_latest_replay_id("latest");
  reply.set_rpc_id("rpc");
  reply.set_pending_num_requested(22);
  auto bytes = reply.SerializeAsString();
  bytes += std::string(
      "\xa2\x06\x01x\xa9\x06"
      "12345678\xad\x06"
      "1234",
      20);  // fields 100 and 101
  const auto batch = read_batch(bytes);
  REQUIRE(batch.events.size() == 3);
  CHECK(batch.events[2].id == "event-2");
  CHECK(batch.events[2].replay_id == std::string("\x00\x07"
                                                 "2",
                                                 3));
  CHECK(batch.events[2].schema_id == "schema");
  CHECK(batch.events[2].payload == std::string(200, '\x80'));
  CHECK(batch.latest_replay_id == "latest");
  CHECK(batch.pending == 22);
  CHECK(read_batch("").events.empty());
}

TEST_CASE("what is no message is refused") {
  const struct {
    const char* rule;
    std::string bytes;
  } rows[] = {{"a tag cut off", "\x80"},
              {"a length beyond the bytes", std::string("\x0a\x05"
                                                        "ab",
                                                        4)},
              {"the greatest length", std::string("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11)},
              {"field 0", std::string("\x00\x00", 2)},
              {"a group", "\x0b"},
              {"a number of 65 bits", std::string("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11)},
              {"a number that does not end", "\x20" + std::string(20, '\xff')},
              {"an event that is none", std::string("\x0a\x01\x80", 3)},
              {"eight bytes cut off",
               "\x09"
               "1234"}};
  for (const auto& row : rows) {
    INFO(row.rule);
    CHECK_THROWS_AS(read_batch(row.bytes), portico::Problem);
  }
  std::string many;
  for (int i = 0; i < 1001; ++i) many += std::string("\x0a\x00", 2);
  CHECK_THROWS_AS(read_batch(many), portico::Problem);
}

TEST_CASE("a pending demand is never taken for more than can be") {
  CHECK(read_batch(std::string("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11)).pending <= 1000);
}

TEST_CASE("error codes are read from trailers, whatever stands before them") {
  const auto of = [](portico::RpcCode code, std::string value) {
    return portico::RpcStatus{code, "text", {{"error-code", std::move(value)}}};
  };
  using portico::RpcCode;
  CHECK(error_code(of(RpcCode::invalid_argument, "sfdc.platform.eventbus.grpc.topic.not.found")) ==
        "topic.not.found");
  CHECK(is_replay_id_refused(
      of(RpcCode::invalid_argument, "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted")));
  CHECK(is_replay_id_refused({RpcCode::invalid_argument, "The Replay ID validation failed. x", {}}));
  CHECK_FALSE(is_replay_id_refused(of(RpcCode::invalid_argument, "topic.validation.empty")));
  CHECK(is_unauthenticated({RpcCode::unauthenticated, "", {}}));
  CHECK(is_unauthenticated(of(RpcCode::internal, "sfdc.platform.eventbus.grpc.service.auth.error")));
}
