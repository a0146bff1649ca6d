// A subscription on the test host with a real PostgreSQL, and a bus that the test plays.
#pragma once

#include <eventbus.pb.h>

#include <catch2/catch.hpp>
#include <portico/testkit.hpp>
#include <portico/testkit/postgres.hpp>

#include "events/subscriber.hpp"

namespace salesforce::events::test {

using namespace std::chrono_literals;
namespace bus = eventbus::v1;
namespace tk = portico::testkit;

inline const std::string kChannel = "/event/Order_Fulfilment_Requested__e";
inline constexpr auto kSchema =
    R"({"type":"record","name":"T","fields":[{"name":"CreatedDate","type":"long"},{"name":"Order_Id__c","type":["null","string"]}]})";

/// The subscriber as a plugin of its own.
class EventsPlugin final : public portico::Plugin {
 public:
  void start(portico::Host& host) override {
    subscriber_ = std::make_unique<Subscriber>(host,
                                               AccessSource{[this] { return access(); },
                                                            [this](std::uint64_t generation) {
                                                              if (generation == generation_) ++generation_;
                                                              return access();
                                                            }},
                                               host.config().read<Settings>());
    subscriber_->start();
  }

 private:
  Access access() const {
    return {"token-" + std::to_string(generation_), "https://org.example", "00D000000000001AAA",
            "005000000000001AAA", generation_};
  }
  std::uint64_t generation_ = 1;
  std::unique_ptr<Subscriber> subscriber_;
};

/// The database of all tests; each begins with empty tables.
tk::Postgres& postgres();

inline constexpr auto kManifest =
    R"({"id":"salesforce","version":"0","license":"MIT","abi":{"major":1,"min_minor":0},
  "extensions":{"required":["portico.routes/1","portico.exchange/1","portico.channels/1","portico.database/1","portico.events/1",
    "portico.tasks/1","portico.config/1","portico.log/1","portico.metrics/1","portico.health/1","portico.crypto/1","portico.clock/1"]},
  "events":{"publishes":["crm.fulfilment_requested/1","crm.records_changed/1","crm.events_missed/1"]},
  "routes":["/api/health/sf-events"],"tasks":["salesforce.events","salesforce.events_tidy"],"database":true,
  "outbound":{"pubsub":{"protocol":"grpc","base_url":"pubsub_endpoint","lanes":{"stream":{"concurrency":4}}}},
  "config":{"pubsub_endpoint":{"type":"text","default":"bus.example:7443"},"events_enabled":{"type":"boolean","default":true},
    "events_channel":{"type":"text","default":"/event/Order_Fulfilment_Requested__e"},"change_channels":{"type":"list","default":[]},
    "events_replay":{"type":"text","default":"ALL"},"events_demand":{"type":"integer","default":4},
    "events_lease_ms":{"type":"integer","default":30000},"fulfilment_order_field":{"type":"text","default":"Order_Id__c"},
    "fulfilment_number_field":{"type":"text","default":"Order_Number__c"}}})";

struct Rig {
  explicit Rig(boost::json::object settings = {}, bool clean = true) {
    if (clean)
      postgres().script(
          "DELETE FROM event_cursor; DELETE FROM event_cursor_history; DELETE FROM event_inbox; "
          "DELETE FROM event_poison");
    host.manifest(kManifest).config(std::move(settings)).with_database(postgres());
    host.channel("pubsub").answer_all([this](const tk::ChannelRequest& request) { return answer(request); });
    host.with<EventsPlugin>();
  }

  portico::ChannelReply answer(const tk::ChannelRequest& request) const {
    if (request.operation == "GetTopic") {
      if (topic_refusal.code != portico::RpcCode::ok) return {topic_refusal, "", 1};
      bus::TopicInfo info;
      info.set_can_subscribe(true);
      return {{}, info.SerializeAsString(), 1};
    }
    if (!schema_known) return {{portico::RpcCode::invalid_argument, "no such schema", {}}, "", 1};
    bus::SchemaInfo info;
    info.set_schema_json(kSchema);
    return {{}, info.SerializeAsString(), 1};
  }

  void tick() { host.run_task("salesforce.events"); }
  /// Time passes, and the subscription looks.
  void tick_after(std::chrono::microseconds time) {
    host.skip(time);
    tick();
  }
  std::shared_ptr<tk::OpenedStream> stream() {
    const auto all = host.channel("pubsub").streams();
    REQUIRE_FALSE(all.empty());
    return all.back();
  }
  std::size_t streams() { return host.channel("pubsub").streams().size(); }
  bus::FetchRequest sent(std::size_t i = 0) {
    bus::FetchRequest request;
    const auto all = stream()->sent();
    REQUIRE(all.size() > i);
    REQUIRE(request.ParseFromString(all[i]));
    return request;
  }
  std::size_t orders_told() {
    std::size_t count = 0;
    for (const auto& event : host.published()) count += event.name == "crm.fulfilment_requested/1";
    return count;
  }

  portico::RpcStatus topic_refusal;
  bool schema_known = true;
  tk::TestHost host;
};

inline std::string payload(const std::string& order) {
  std::string out("\x80\xa0\xab\xfe\xf9\x62\x02", 7);
  out += static_cast<char>(order.size() * 2);
  return out + order;
}

/// A reply with these events; each is its id, and the order of that name.
inline std::string batch(const std::vector<std::string>& ids, int pending,
                         const std::string& latest = "latest") {
  bus::FetchResponse reply;
  reply.set_pending_num_requested(pending);
  reply.set_latest_replay_id(latest);
  for (const auto& id : ids) {
    auto& event = *reply.add_events();
    event.set_replay_id("at " + id);
    event.mutable_event()->set_id(id);
    event.mutable_event()->set_schema_id("schema-1");
    event.mutable_event()->set_payload(id.starts_with("poison") ? "\xff" : payload(id));
  }
  return reply.SerializeAsString();
}

}  // namespace salesforce::events::test
