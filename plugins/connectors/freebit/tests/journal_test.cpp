// Orders on a real PostgreSQL, through the C ABI and in the journal itself: what many replicas share.
#include <atomic>
#include <barrier>
#include <boost/json.hpp>
#include <portico/contracts/mobile.hpp>
#include <portico/testkit.hpp>
#include <portico/testkit/postgres.hpp>
#include <thread>

#include "store/order_journal.hpp"
#include "tests/support.hpp"

using namespace freebit;
using portico::testkit::Postgres;
using portico::testkit::TestHost;
using portico::testkit::UpstreamReply;
using portico::testkit::UpstreamRequest;
namespace contract = portico::mobile;
using namespace std::chrono_literals;

namespace {

Postgres& database() {
  static Postgres one(Postgres::url_of_environment(), "freebit", FREEBIT_MIGRATIONS);
  return one;
}

constexpr auto kOk = R"({"resultCode":"100","status":{"message":"OK"},"authKey":"key-1"})";

/// An enabler that remembers top-ups and loses the answers it is told to lose.
struct Enabler {
  UpstreamReply answer(const UpstreamRequest& request) {
    const std::lock_guard lock(mutex);
    ++calls[request.operation];

    if (request.operation == "PA04-04") {
      const auto at = request.body.find("quotaCode%22%3A%22") + 18;
      codes.push_back(request.body.substr(at, request.body.find("%22", at) - at));
      if (lose) throw portico::OutboundProblem(portico::Problem(504, "upstream.timeout"), true);
    }
    if (request.operation == "PA05-02") {
      if (away) throw portico::OutboundProblem(portico::Problem(503, "upstream.unavailable"), true);
      boost::json::array rows;
      for (const auto& code : codes)
        rows.push_back(boost::json::object{{"quota", "1024"}, {"date", "20300101"}, {"quotaCode", code}});
      return {200,
              boost::json::serialize(boost::json::object{{"resultCode", "100"}, {"quotaHistory", rows}})};
    }
    return {200, kOk};
  }
  std::mutex mutex;
  std::map<std::string, int> calls;
  std::vector<std::string> codes;
  bool lose = false, away = false;
};

/// One call of the database in a host of its own, as a replica makes it.
struct Replica final : portico::Plugin {
  void start(portico::Host& host) override { act(host); }
  static inline thread_local std::function<void(portico::Host&)> act;
};

struct Portal {
  explicit Portal(Enabler& enabler) {
    host.with_database(database())
        .config({{"base_url", "https://mvno.example.com/emptool/api"}, {"oem_id", "o"}, {"oem_key", "k"}})
        .forbid_calls_in_transactions();
    host.upstream("freebit").answer_all(
        [&](const UpstreamRequest& request) { return enabler.answer(request); });
    host.load(PORTICO_PLUGIN_FILE);
  }
  std::string top_up(const std::string& id, const char* number) {
    return words(
        host.call(contract::top_up, contract::TopUp{id, {contract::PhoneNumber{number}, {}}, {1000}, {}}));
  }
  TestHost host;
};

}  // namespace

TEST_CASE("an order survives its host: another one settles it without sending it again") {
  Enabler enabler;
  enabler.lose = enabler.away = true;
  {
    Portal first(enabler);
    CHECK(first.top_up("a-1", "09000000001") == "unknown");
  }
  enabler.lose = enabler.away = false;
  Portal second(enabler);
  CHECK(second.top_up("a-1", "09000000001") == "done");
  CHECK(second.top_up("a-1", "09000000001") == "done");
  CHECK(enabler.calls["PA04-04"] == 1);
}

TEST_CASE("the lock of a network change is seen by every replica") {
  Enabler enabler;
  Portal first(enabler), second(enabler);
  first.host.call(contract::change_network_type,
                  contract::NetworkTypeChange{"b-1", {"09000000002"}, contract::NetworkType::five_g});
  CHECK(second.top_up("b-2", "09000000002") == "refused busy until 2030-01-01T00:30:00Z");
  CHECK(second.top_up("b-3", "09000000003") == "done");  // another line
  second.host.skip(30min);
  CHECK(second.top_up("b-2", "09000000002") == "done");
}

TEST_CASE("of many that order for one line at once, one is sent at a time") {
  Enabler enabler;
  Portal portal(enabler);
  constexpr int kCalls = 8;
  std::barrier together(kCalls);
  std::vector<std::string> outcomes(kCalls);
  {
    std::vector<std::jthread> calls;
    for (int i = 0; i < kCalls; ++i)
      calls.emplace_back([&, i] {
        together.arrive_and_wait();
        outcomes[static_cast<std::size_t>(i)] = portal.top_up("c-same", "09000000004");
      });
  }
  CHECK(enabler.calls["PA04-04"] == 1);
  for (const auto& outcome : outcomes) CHECK((outcome == "done" || outcome == "unknown"));
  CHECK(portal.top_up("c-same", "09000000004") == "done");
}

TEST_CASE("while one replica decides about a line, another one waits and then sees what it decided") {
  const auto claim = [](const char* id, std::function<bool(const Journal::Known&)> decide) {
    TestHost host;
    host.manifest(
        R"({"id":"freebit","version":"0.1.0","license":"MIT","description":"d","abi":{"major":1,"min_minor":0},)"
        R"("extensions":{"required":["portico.database/1"],"optional":[]},"database":true})");
    host.with_database(database());
    Replica::act = [&](portico::Host& inside) {
      const Seconds now{std::chrono::sys_days(std::chrono::year(2030) / 1 / 1)};
      store::OrderJournal(inside.database())
          .claim({id, "09000000008", Change::top_up, "w", EntryState::sending, now, now, now, {}}, decide);
    };
    host.with<Replica>();
  };
  std::atomic<bool> second_decided{false};
  std::size_t seen = 0;
  std::jthread second;
  claim("g-1", [&](const Journal::Known&) {
    second = std::jthread([&] {
      claim("g-2", [&](const Journal::Known& known) {
        second_decided = true;
        seen = known.others.size();
        return false;
      });
    });
    // Until it waits for us, or did not.
    while (!second_decided &&
           database().ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") ==
               "0") {
    }
    return true;
  });
  second.join();
  CHECK(seen == 1);
}

TEST_CASE("one id is one wish, on every replica") {
  Enabler enabler;
  Portal portal(enabler);
  portal.top_up("d-1", "09000000005");
  CHECK(code_of([&] { portal.top_up("d-1", "09000000006"); }) == "409 mobile.operation_id_reused");
}

TEST_CASE("nothing of a person is in the journal, and old rows go") {
  Enabler enabler;
  Portal portal(enabler);
  contract::PortIn port_in;
  port_in.reservation_number = "1112345678", port_in.expires_on = "2030-01-12";
  port_in.family_name = "見本", port_in.family_kana = "ミホン";
  portal.host.call(contract::activate_esim,
                   contract::EsimActivation{"e-1", {"09000000007"}, {kEid}, {"P"}, {}, port_in});
  const auto row = database().ask("SELECT orders::text FROM orders WHERE operation_id = 'e-1'");
  CHECK(row.find("09000000007") != std::string::npos);
  for (const char* personal : {kEid, "1112345678", "見本", "ミホン"})
    CHECK(row.find(personal) == std::string::npos);
  portal.host.skip(24h * 59);
  portal.host.run_task("freebit.tidy");
  CHECK(database().ask("SELECT count(*) FROM orders WHERE operation_id = 'e-1'") == "1");
  portal.host.skip(24h * 2);
  portal.host.run_task("freebit.tidy");
  CHECK(database().ask("SELECT count(*) FROM orders WHERE operation_id = 'e-1'") == "0");
}

TEST_CASE("whatever host call fails, no top-up is made twice") {
  int run = 0;
  std::vector<int> sent;
  std::vector<std::unique_ptr<Enabler>> enablers;
  portico::testkit::for_each_failing_call([&](TestHost& host) {
    auto& enabler = *enablers.emplace_back(std::make_unique<Enabler>());
    const auto id = "f-" + std::to_string(++run);
    host.with_database(database())
        .config({{"base_url", "https://mvno.example.com/emptool/api"}, {"oem_id", "o"}, {"oem_key", "k"}});
    host.upstream("freebit").answer_all(
        [&](const UpstreamRequest& request) { return enabler.answer(request); });
    host.load(PORTICO_PLUGIN_FILE);
    const contract::TopUp wanted{id, {contract::PhoneNumber{fmt::format("080{:08}", run)}, {}}, {1000}, {}};
    for (int i = 0; i < 3; ++i) {
      try {
        host.call(contract::top_up, wanted);
      } catch (const portico::Problem&) {
      }
      host.skip(3min);
    }
  });
  CHECK(run > 5);
  for (const auto& enabler : enablers) CHECK(enabler->codes.size() <= 1);
}
