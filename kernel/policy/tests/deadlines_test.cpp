// Who answers when the time of a request is over, and who is still watched.
#include <catch2/catch.hpp>

#include "kernel/policy/tests/plugin_host.hpp"

using namespace kernel::policy;
using namespace kernel::policy::test;
using namespace std::chrono_literals;
using kernel::front::test::get;
using kernel::front::test::RawClient;

namespace {

/// Routes that answer when the test says so.
struct Keeper : PluginHost {
  Keeper() {
    add("/api/patient", &Kept::keep, &patient, 1h);
    add("/api/hasty", &Kept::keep, &hasty, 50ms);
    start();
  }
  Kept patient, hasty;
};

}  // namespace

TEST_CASE("a request that nobody answers is answered at its own deadline, whoever else is waiting longer") {
  Keeper host;
  RawClient first(host.server.port()), second(host.server.port());
  first.send(get("/api/patient"));
  const auto answer = second.ask(get("/api/hasty"));
  CHECK(answer.status == 504);
  CHECK(answer.body.find("request.deadline") != std::string::npos);
  CHECK(host.pipeline.watched() <= 1);  // the patient one, unless it has not come yet
}

TEST_CASE("an answered request is not watched any more") {
  Keeper host;
  RawClient client(host.server.port());
  for (int i = 0; i < 5; ++i) {
    client.send(get("/api/patient"));
    const auto handle = host.patient.take();
    CHECK(host.pipeline.watched() == 1);
    CHECK(exchanges().find(handle)->answer({}));
    CHECK(client.receive().status == 200);
    CHECK(host.pipeline.watched() == 0);
  }
}
