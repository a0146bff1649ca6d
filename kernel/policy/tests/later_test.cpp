// Answers that come after the handler has returned: who gives them, who is told, and what is left over.
#include <catch2/catch.hpp>
#include <thread>

#include "kernel/policy/tests/plugin_host.hpp"

using namespace kernel::policy;
using namespace kernel::policy::test;
using namespace std::chrono_literals;
using kernel::front::test::get;
using kernel::front::test::RawClient;
using kernel::front::test::text;
using portico::Problem;

namespace {

/// What the extension does when the plugin answers.
bool answer_as_plugin(portico_handle handle, const std::string& body) {
  const auto call = exchanges().find(handle);
  if (!call) return false;
  call->settle_plugin();
  call->end_handle();
  return call->answer(text(body));
}

/// Counts how often it was told, and waits.
struct Told {
  std::atomic<int> times{0};
  static void tell(void* user, portico_handle) {
    auto& told = static_cast<Told*>(user)->times;
    ++told;
    told.notify_all();
  }
};

std::shared_ptr<Call> call_of(portico_handle handle) {
  auto call = exchanges().find(handle);
  REQUIRE(call);
  return call;
}

void wait_until_owed(PluginHost& host, std::size_t count) {
  while (host.pipeline.pending.size() != count) std::this_thread::yield();
}

/// A host whose lane has run everything that was posted before.
void let_lane_run(PluginHost& host) {
  std::atomic<bool> ran{false};
  REQUIRE(host.plugin->lane("")->post({[&] { ran = true, ran.notify_all(); }, [] {}}));
  ran.wait(false);
}

}  // namespace

TEST_CASE("of many who answer at once one does, and nothing is left over") {
  Kept kept;
  PluginHost host;
  host.add("/api/later", &Kept::keep, &kept);
  host.start();
  RawClient client(host.server.port());
  const auto before = exchanges().size();
  for (int round = 0; round < 200; ++round) {
    client.send(get("/api/later"));
    const auto handle = kept.take();
    std::atomic<int> given{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, i] { given += answer_as_plugin(handle, "from " + std::to_string(i)); });
    const auto answer = client.receive();
    threads.clear();
    CHECK(answer.status == 200);
    CHECK(given == 1);
    CHECK(!answer_as_plugin(handle, "late"));
  }
  wait_until_owed(host, 0);
  CHECK(exchanges().size() == before);
  host.wait_until_held(0);
}

TEST_CASE("an answer before the handler has returned is the answer, and nothing stays owed") {
  struct Hasty {
    static portico_status run(void*, portico_handle exchange, portico_error*) {
      answer_as_plugin(exchange, "quick");
      return PORTICO_PENDING;
    }
  };
  PluginHost host;
  host.add("/api/hasty", &Hasty::run, nullptr);
  host.start();
  const auto before = exchanges().size();
  RawClient client(host.server.port());
  for (int i = 0; i < 100; ++i) CHECK(client.ask(get("/api/hasty")).body == "quick");
  let_lane_run(host);
  wait_until_owed(host, 0);
  CHECK(exchanges().size() == before);
}

TEST_CASE("what is owed stands in the ledger, with its route") {
  Kept kept;
  PluginHost host;
  host.add("/api/later/{id}", &Kept::keep, &kept);
  host.start();
  RawClient client(host.server.port());
  client.send(get("/api/later/7", "X-Correlation-Id: 0123456789abcdef\r\n"));
  const auto handle = kept.take();
  wait_until_owed(host, 1);
  let_lane_run(host);
  const auto lines = host.plugin->ledger.lines();
  const auto owed = std::find_if(lines.begin(), lines.end(), [](const auto& line) {
    return line.kind == kernel::loader::Holding::pending;
  });
  REQUIRE(owed != lines.end());
  CHECK(owed->place == "GET /api/later/{id}");
  CHECK(owed->correlation_id == call_of(handle)->correlation_id);
  CHECK(answer_as_plugin(handle, "now"));
  CHECK(client.receive().body == "now");
  CHECK(host.pipeline.pending.size() == 0);
}

TEST_CASE("the deadline answers 504, the plugin is told once, and its late answer finds nothing") {
  Kept kept;
  Told told;
  PluginHost host;
  host.add("/api/hasty", &Kept::keep, &kept, 300ms);
  host.start();
  const auto before = exchanges().size();
  RawClient client(host.server.port());
  client.send(get("/api/hasty"));
  const auto handle = kept.take();
  CHECK(call_of(handle)->on_cancel(&Told::tell, &told) == PORTICO_OK);
  CHECK(call_of(handle)->on_cancel(&Told::tell, &told) == PORTICO_E_INVALID);
  CHECK(client.receive().status == 504);
  told.times.wait(0);
  let_lane_run(host);
  CHECK(!answer_as_plugin(handle, "late"));
  CHECK(told.times == 1);
  CHECK(exchanges().size() == before);
  CHECK(host.pipeline.pending.size() == 0);
}

TEST_CASE("a client that leaves is told of once, and the answer is still the plugin's to give") {
  Kept kept;
  Told told;
  PluginHost host;
  host.add("/api/later", &Kept::keep, &kept);
  host.start();
  RawClient client(host.server.port());
  client.send(get("/api/later"));
  const auto handle = kept.take();
  CHECK(call_of(handle)->on_cancel(&Told::tell, &told) == PORTICO_OK);
  client.reset();
  told.times.wait(0);
  let_lane_run(host);
  CHECK(call_of(handle)->cancelled());
  CHECK(answer_as_plugin(handle, "for nobody"));
  CHECK(told.times == 1);
  CHECK(!exchanges().find(handle));
}

TEST_CASE("a plugin is not told after it has answered, whatever happens at that moment") {
  PluginHost host;
  Kept kept;
  host.add("/api/later", &Kept::keep, &kept);
  host.start();
  /// Told after the answer: the memory it was to use is gone by then.
  struct Guarded {
    std::atomic<bool> answered{false};
    std::atomic<int> too_late{0};
    static void tell(void* user, portico_handle) {
      auto& self = *static_cast<Guarded*>(user);
      self.too_late += self.answered.load();
      std::this_thread::yield();
      self.too_late += self.answered.load();
    }
  };
  for (int round = 0; round < 200; ++round) {
    RawClient client(host.server.port());
    client.send(get("/api/later"));
    const auto handle = kept.take();
    Guarded guarded;
    CHECK(call_of(handle)->on_cancel(&Guarded::tell, &guarded) == PORTICO_OK);
    std::jthread leaves([&] { client.reset(); });
    answer_as_plugin(handle, "now");
    guarded.answered = true;
    leaves.join();
    let_lane_run(host);
    CHECK(guarded.too_late == 0);
  }
}

TEST_CASE("a plugin may answer from within the call that tells it") {
  Kept kept;
  PluginHost host;
  host.add("/api/later", &Kept::keep, &kept);
  host.start();
  struct Answers {
    std::atomic<int> given{-1};
    static void tell(void* user, portico_handle handle) {
      auto& given = static_cast<Answers*>(user)->given;
      given = answer_as_plugin(handle, "told");
      given.notify_all();
    }
  };
  Answers answers;
  RawClient client(host.server.port());
  client.send(get("/api/later"));
  CHECK(call_of(kept.take())->on_cancel(&Answers::tell, &answers) == PORTICO_OK);
  client.finish_sending();
  answers.given.wait(-1);
  CHECK(answers.given == 1);
  CHECK(client.receive().body == "told");
}

TEST_CASE("what a plugin owes when it stops is answered 503") {
  Kept kept;
  Told told;
  PluginHost host;
  host.add("/api/later", &Kept::keep, &kept);
  host.start();
  RawClient first(host.server.port()), second(host.server.port());
  first.send(get("/api/later"));
  const auto handle = kept.take();
  CHECK(call_of(handle)->on_cancel(&Told::tell, &told) == PORTICO_OK);
  second.send(get("/api/later"));
  const auto other = kept.take();
  wait_until_owed(host, 2);
  host.pipeline.remove(*host.plugin);
  for (auto* client : {&first, &second}) {
    const auto answer = client->receive();
    CHECK(answer.status == 503);
    CHECK(answer.body.find("service.stopping") != std::string::npos);
  }
  told.times.wait(0);
  let_lane_run(host);
  CHECK(!answer_as_plugin(handle, "late"));
  CHECK(!answer_as_plugin(other, "late"));
  host.wait_until_held(0);
}

TEST_CASE("a handler that answers itself is told of its deadline while it works, and not afterwards") {
  struct Works {
    Told told;
    std::atomic<bool> still_good{false};  // its views of the request
    static portico_status run(void* user, portico_handle handle, portico_error*) {
      auto& self = *static_cast<Works*>(user);
      exchanges().find(handle)->on_cancel(&Told::tell, &self.told);
      self.told.times.wait(0);
      self.still_good = exchanges().find(handle) != nullptr;
      return PORTICO_OK;
    }
  };
  Works works;
  PluginHost host;
  host.add("/api/works", &Works::run, &works, 200ms);
  host.start();
  RawClient client(host.server.port());
  CHECK(client.ask(get("/api/works")).status == 504);
  let_lane_run(host);
  host.wait_until_held(0);
  CHECK(works.told.times == 1);
  CHECK(works.still_good);
}
