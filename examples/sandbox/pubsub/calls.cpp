// GetTopic, GetSchema, Publish and PublishStream.
#include "examples/sandbox/pubsub/calls.hpp"

#include <fmt/format.h>

#include <optional>

#include "eventbus.pb.h"
#include "examples/sandbox/pubsub/subscription.hpp"
#include "examples/sandbox/salesforce/values.hpp"

namespace sandbox::pubsub {

namespace v1 = eventbus::v1;
namespace json = boost::json;

namespace {

constexpr std::size_t kLargestEvent = 1'000'000;  // bytes of payload
constexpr int kUnimplemented = 12;

template <typename Message>
Message read(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes))
    throw BusError("subscription.internal.error", "The request cannot be read.");
  return message;
}

/// A call of one message and one answer.
class Single : public Exchange {
 public:
  using Exchange::Exchange;

 protected:
  virtual std::string answer(const std::string& message) = 0;

 private:
  void handle(const std::string& message) final {
    std::string reply = answer(message);
    set_applied();
    send(std::move(reply));
    end({});
  }
  void no_more() final { end({}); }
};

class GetTopic final : public Single {
 public:
  using Single::Single;

 private:
  std::string answer(const std::string& message) override {
    const auto request = read<v1::TopicRequest>(message);
    if (request.topic_name().empty()) throw BusError("topic.validation.empty");
    const Topic topic = bus_.topic_named(request.topic_name());
    v1::TopicInfo info;
    info.set_topic_name(topic.name);
    info.set_tenant_guid("CORE/prod/" + salesforce::org_id());
    info.set_can_publish(topic.can_publish);
    info.set_can_subscribe(true);
    if (topic.single) info.set_schema_id(schema_of(*topic.single, bus_.switches).id);
    info.set_rpc_id(rpc_id_);
    return info.SerializeAsString();
  }
  json::object params_of(const std::string& message) const override {
    return {{"topic", read<v1::TopicRequest>(message).topic_name()}};
  }
};

class GetSchema final : public Single {
 public:
  using Single::Single;

 private:
  std::string answer(const std::string& message) override {
    const auto request = read<v1::SchemaRequest>(message);
    if (request.schema_id().empty()) throw BusError("schema.validation.failed");
    const auto* schema = salesforce::find_event_schema(request.schema_id());
    if (schema == nullptr) throw BusError(bus_.switches.unknown_schema);
    v1::SchemaInfo info;
    info.set_schema_json(schema->text);
    info.set_schema_id(schema->id);
    info.set_rpc_id(rpc_id_);
    return info.SerializeAsString();
  }
  json::object params_of(const std::string& message) const override {
    return {{"schema_id", read<v1::SchemaRequest>(message).schema_id()}};
  }
};

/// Keeps what is good and reports the rest. The payload is not looked at: the real service does not either.
v1::PublishResponse publish(Bus& bus, const Topic& topic, const v1::PublishRequest& request,
                            const Verdict& verdict, const std::string& rpc_id) {
  if (!topic.can_publish || !topic.single) throw BusError("topic.meta.permission");
  if (request.events().empty()) throw BusError("publish.event.count.invalid");
  v1::PublishResponse response;
  response.set_rpc_id(rpc_id);
  response.set_schema_id(schema_of(*topic.single, bus.switches).id);
  std::vector<Event> kept;
  std::vector<v1::PublishResult*> results;
  for (const auto& event : request.events()) {
    auto* result = response.add_results();
    result->set_correlation_key(event.id());
    const auto refuse = [&](const char* why) {
      result->mutable_error()->set_code(v1::PUBLISH);
      result->mutable_error()->set_msg(why);
    };
    if (verdict.kind == FaultKind::kRefuse4xx || verdict.kind == FaultKind::kRefuse5xx) {
      refuse("The event could not be published.");
    } else if (event.schema_id() != response.schema_id()) {
      refuse("The schema ID is not the topic's.");
    } else if (event.payload().size() > kLargestEvent) {
      refuse("The event is larger than 1 MB.");
    } else {
      kept.push_back({0, bus.now_ms(), *topic.single,
                      event.id().empty() ? salesforce::make_uuid() : event.id(), event.schema_id(),
                      event.payload()});
      results.push_back(result);
    }
  }
  if (kept.empty()) return response;
  std::uint64_t replay = bus.publish(std::move(kept));
  for (auto* result : results) result->set_replay_id(replay_bytes(replay++));
  return response;
}

json::object publish_params(const std::string& message) {
  const auto request = read<v1::PublishRequest>(message);
  return {{"topic", request.topic_name()}, {"events", request.events_size()}};
}

class Publish final : public Single {
 public:
  using Single::Single;

 private:
  std::string answer(const std::string& message) override {
    const auto request = read<v1::PublishRequest>(message);
    if (request.topic_name().empty()) throw BusError("publish.topic.validation.empty");
    return publish(bus_, bus_.topic_named(request.topic_name()), request, verdict(), rpc_id_)
        .SerializeAsString();
  }
  json::object params_of(const std::string& message) const override { return publish_params(message); }
};

class PublishStream final : public Exchange {
 public:
  using Exchange::Exchange;

 private:
  void handle(const std::string& message) override {
    const auto request = read<v1::PublishRequest>(message);
    if (!topic_) {
      if (request.topic_name().empty()) throw BusError("publish.topic.validation.empty");
      topic_ = bus_.topic_named(request.topic_name());
    } else {
      check_session();
      if (!request.topic_name().empty() && request.topic_name() != topic_->name)
        throw BusError("publish.topic.mismatch");
    }
    arm(sweep_, bus_.switches.publish_idle_ms, [] { throw BusError("publish.stream.sweeper.timeout"); });
    send(publish(bus_, *topic_, request, verdict(), rpc_id_).SerializeAsString());
    set_applied();
  }
  void no_more() override { end({}); }
  void ended() override { disarm(sweep_); }
  json::object params_of(const std::string& message) const override { return publish_params(message); }

  std::optional<Topic> topic_;
  Alarm sweep_;
};

/// Managed subscriptions are kept by an org's administrator; this org has none.
class ManagedSubscribe final : public Exchange {
 public:
  using Exchange::Exchange;

 private:
  void handle(const std::string& message) override {
    const auto request = read<v1::ManagedFetchRequest>(message);
    if (request.has_commit_replay_id_request())
      throw BusError("managed.subscription.fetch.request.commit.request.restricted");
    if (request.subscription_id().empty() && request.developer_name().empty())
      throw BusError("managed.subscription.id.or.developer.name.empty");
    throw BusError(request.subscription_id().empty() ? "managed.subscription.developer.name.not.found"
                                                     : "managed.subscription.subscription.id.not.found");
  }
  void no_more() override { end({}); }
  json::object params_of(const std::string& message) const override {
    return {{"subscription_id", read<v1::ManagedFetchRequest>(message).subscription_id()}};
  }
};

class Nothing final : public Handler {
  void received(const std::string&) override {}
  void half_closed() override {}
  void sent() override {}
  void gone() override {}
};

}  // namespace

std::shared_ptr<Handler> accept(Bus& bus, const Incoming& call, std::shared_ptr<Wire> wire) {
  const std::string& method = call.method;
  const std::string root = "/eventbus.v1.PubSub/";
  if (method == root + "Subscribe")
    return std::make_shared<Subscription>(bus, call, std::move(wire), "subscribe");
  if (method == root + "GetTopic") return std::make_shared<GetTopic>(bus, call, std::move(wire), "get_topic");
  if (method == root + "GetSchema")
    return std::make_shared<GetSchema>(bus, call, std::move(wire), "get_schema");
  if (method == root + "Publish") return std::make_shared<Publish>(bus, call, std::move(wire), "publish");
  if (method == root + "PublishStream")
    return std::make_shared<PublishStream>(bus, call, std::move(wire), "publish_stream");
  if (method == root + "ManagedSubscribe")
    return std::make_shared<ManagedSubscribe>(bus, call, std::move(wire), "managed_subscribe");
  wire->finish({kUnimplemented, fmt::format("Method not found: {}", method), {}, false});
  return std::make_shared<Nothing>();
}

}  // namespace sandbox::pubsub
