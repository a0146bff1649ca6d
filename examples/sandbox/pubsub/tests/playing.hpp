// An org and its bus for one test, a caller who is signed on, and what a test says to both.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventbus.pb.h"
#include "examples/sandbox/pubsub/room.hpp"
#include "examples/sandbox/pubsub/tests/caller.hpp"

namespace sandbox::pubsub {

namespace v1 = eventbus::v1;
namespace json = boost::json;

inline const std::string kTopic = "/event/Order_Fulfilment_Requested__e";

/// A folder that vanishes with the test.
struct Folder {
  Folder() {
    char name[] = "/tmp/pubsub_test_XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

/// An org and its bus, with a caller who is signed on.
class Playing {
 public:
  explicit Playing(std::string state_file = {})
      : state(state_file),
        org(clock, faults, state, "", ""),
        room(clock, faults, org, state, state_file.empty() ? "" : state_file + ".events") {
    state.set_snapshot([this] {
      return json::object{
          {"org", org.to_json()}, {"pubsub", room.to_json()}, {"offset_ms", clock.offset_ms()}};
    });
    if (const auto kept = state.load()) {
      clock.set_offset_ms(kept->at("offset_ms").to_number<std::int64_t>());
      org.restore(kept->at("org").as_object());
      room.restore(kept->at("pubsub").as_object());
    }
    org.set_base_url("http://127.0.0.1:8090");
    org.mount(router);
    room.mount(router);
    room.start("127.0.0.1", 0, "");
    caller = std::make_unique<Caller>(std::string(room.client().at("endpoint").as_string()),
                                      router_answer("GET", "/control/pubsub/ca").body);
    token = org.open_session().at("access_token").as_string();
    caller->metadata = {
        {"accesstoken", token}, {"instanceurl", "http://127.0.0.1:8090"}, {"tenantid", salesforce::org_id()}};
    sign_on();
  }

  /// Tokens live two hours.
  void sign_on() {
    token = org.open_session().at("access_token").as_string();
    caller->metadata["accesstoken"] = token;
  }
  HttpAnswer router_answer(const std::string& method, const std::string& path,
                           const json::value& body = nullptr,
                           std::vector<std::pair<std::string, std::string>> query = {}) {
    HttpRequest request;
    request.method = method;
    request.target = request.path = path;
    request.query = std::move(query);
    request.headers = {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}};
    if (!body.is_null()) request.body = json::serialize(body);
    request.peer_gone = [] { return false; };
    return router.answer(request);
  }
  json::object control(const std::string& method, const std::string& path,
                       const json::value& body = nullptr) {
    const auto answer = router_answer(method, "/control/pubsub" + path, body);
    INFO(answer.body);
    REQUIRE(answer.status < 300);
    return json::parse(answer.body).as_object();
  }
  void switches(const json::object& changes) { control("PUT", "/switches", changes); }
  void fault(json::object order) {
    order["vendor"] = "pubsub";
    faults.replace({FaultBook::read(order)});
  }
  json::object publish(std::int64_t count, std::int64_t from = 1) {
    return control(
        "POST", "/events",
        json::object{
            {"topic", kTopic}, {"count", count}, {"number_field", "Line_Count__c"}, {"number_from", from}});
  }
  void advance(std::int64_t ms) {
    clock.set_offset_ms(clock.offset_ms() + ms);
    room.clock_moved();
  }

  Stream subscribe(std::int32_t count, v1::ReplayPreset preset = v1::LATEST, const std::string& replay = {},
                   const std::string& topic = kTopic) {
    v1::FetchRequest request;
    request.set_topic_name(topic);
    request.set_num_requested(count);
    request.set_replay_preset(preset);
    request.set_replay_id(replay);
    Stream stream = caller->open("Subscribe");
    stream.write(request.SerializeAsString());
    return stream;
  }
  /// The same, once the bus knows of it: what is published from now on is for it.
  Stream listen(std::int32_t count, const std::string& topic = kTopic) {
    const auto before = streams();
    Stream stream = subscribe(count, v1::LATEST, {}, topic);
    const auto is_new = [&](const std::string& rpc_id) { return !before.contains(rpc_id); };
    while (std::ranges::none_of(streams(), is_new)) std::this_thread::yield();
    return stream;
  }
  /// The rpc_ids of the streams the bus knows of.
  std::set<std::string> streams() {
    std::set<std::string> out;
    const auto page = control("GET", "");
    for (const auto& stream : page.at("streams").as_array()) out.emplace(stream.at("rpc_id").as_string());
    return out;
  }
  Ended refusal(Stream stream) {
    CHECK_FALSE(stream.read());
    return stream.finish();
  }

  Clock clock;
  FaultBook faults{1};
  StateFile state;
  salesforce::Room org;
  pubsub::Room room;
  Router router;
  std::unique_ptr<Caller> caller;
  std::string token;
};

inline void ask_for(Stream& stream, std::int32_t count, const std::string& topic = {}) {
  v1::FetchRequest request;
  request.set_topic_name(topic);
  request.set_num_requested(count);
  stream.write(request.SerializeAsString());
}

inline v1::FetchResponse next(Stream& stream) {
  v1::FetchResponse response;
  const auto bytes = stream.read();
  REQUIRE(bytes);
  REQUIRE(response.ParseFromString(*bytes));
  CHECK(response.latest_replay_id().size() == 10);
  CHECK(response.rpc_id().size() == 36);
  return response;
}

inline double number_of(const v1::ConsumerEvent& event) {
  static const Codec kCodec(
      salesforce::platform_event_schema(salesforce::Schema::standard().get("Order_Fulfilment_Requested__e"))
          .text);
  return kCodec.decode(event.event().payload()).at("Line_Count__c").as_double();
}

/// The numbers of the next `count` events.
inline std::vector<int> numbers(Stream& stream, std::size_t count) {
  std::vector<int> out;
  while (out.size() < count) {
    const auto response = next(stream);
    for (const auto& event : response.events()) out.push_back(static_cast<int>(number_of(event)));
  }
  return out;
}

using Numbers = std::vector<int>;

}  // namespace sandbox::pubsub
