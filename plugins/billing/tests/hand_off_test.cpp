// The order of the hand-off's decisions, against a world that notes every step.
#include "use_cases/hand_off.hpp"

#include <catch2/catch.hpp>
#include <portico/problem.hpp>

using namespace billing;
using namespace std::chrono_literals;
using portico::Problem;
namespace contract = portico::billing;

namespace {

const Moment kNow{std::chrono::sys_days(2025y / 6 / 20) + 12h};

class World final : public HandOffWorld {
 public:
  std::string steps;
  contract::InvoiceStatus status = contract::InvoiceStatus::unpaid;
  std::optional<Problem> no_customer, no_invoice, no_claim, no_link, no_announce, no_record, no_release;
  int wait_s = 0;

  std::string customer_of(const std::string& user_id) override {
    return note("customer:" + user_id, no_customer), "418";
  }
  contract::Invoice invoice(const contract::InvoiceRef& ref) override {
    note("invoice:" + ref.customer_id + "/" + ref.invoice_id, no_invoice);
    contract::Invoice invoice;
    invoice.status = status;
    return invoice;
  }
  Claim claim(const std::string&, const std::string&) override {
    note("claim", no_claim);
    return wait_s ? Claim{std::nullopt, wait_s} : Claim{kNow, 0};
  }
  void release(const std::string&, const std::string&, Moment minted_at) override {
    CHECK(minted_at == kNow);
    note("release", no_release);
  }
  contract::PaymentLink make_link(const contract::InvoiceRef&) override {
    note("link", no_link);
    return {"https://billing.example.ch/x", "billing.example.ch", 60};
  }
  void announce(const contract::PaymentStarted& payment) override {
    note("announce:" + payment.user_id + "/" + payment.customer_id + "/" + payment.invoice_id, no_announce);
  }
  void record(const std::string&, const std::string&, std::string_view outcome,
              std::string_view code) override {
    note("record:" + std::string(outcome) + (code.empty() ? "" : "/" + std::string(code)), no_record);
  }

 private:
  void note(const std::string& step, const std::optional<Problem>& failure) {
    steps += (steps.empty() ? "" : " ") + step;
    if (failure) throw Problem(*failure);
  }
};

HandOff request(Target target = Target::pay) {
  return {"u1", "9001", target, kNow, kNow - 1min};
}

std::string outcome_of(World& world, const HandOff& wanted) {
  try {
    return hand_off(world, wanted).site;
  } catch (const Problem& problem) {
    return std::to_string(problem.status) + " " + problem.code;
  }
}

}  // namespace

TEST_CASE("a link is made after proof, ownership, state and claim, and is recorded") {
  World world;
  CHECK(outcome_of(world, request()) == "billing.example.ch");
  CHECK(world.steps == "customer:u1 invoice:418/9001 claim link announce:u1/418/9001 record:ok");
}

TEST_CASE("only who goes to pay is announced") {
  World world;
  CHECK(outcome_of(world, request(Target::view)) == "billing.example.ch");
  CHECK(world.steps == "customer:u1 invoice:418/9001 claim link record:ok");
}

TEST_CASE("each refusal stops everything after it") {
  struct Row {
    const char* rule;
    std::function<void(World&, HandOff&)> change;
    const char* outcome;
    const char* steps;
  };
  const Row rows[] = {
      {"an id that is none", [](World&, HandOff& r) { r.invoice_id = "9001x"; },
       "404 billing.invoice_not_found", ""},
      {"an old proof", [](World&, HandOff& r) { r.proved_at = kNow - 11min; }, "403 auth.step_up_required",
       ""},
      {"a user without a customer",
       [](World& w, HandOff&) { w.no_customer = Problem(404, "accounts.not_linked"); },
       "404 billing.invoice_not_found", "customer:u1"},
      {"accounts are away", [](World& w, HandOff&) { w.no_customer = Problem(503, "service.not_provided"); },
       "503 service.not_provided", "customer:u1"},
      {"another's invoice",
       [](World& w, HandOff&) { w.no_invoice = Problem(404, "billing.invoice_not_found"); },
       "404 billing.invoice_not_found", "customer:u1 invoice:418/9001"},
      {"nothing to pay", [](World& w, HandOff&) { w.status = contract::InvoiceStatus::paid; },
       "409 billing.invoice_not_payable", "customer:u1 invoice:418/9001"},
      {"a link was just made", [](World& w, HandOff&) { w.wait_s = 42; }, "429 billing.link_just_made",
       "customer:u1 invoice:418/9001 claim"},
      {"the database is away: no claim, no link",
       [](World& w, HandOff&) { w.no_claim = Problem(503, "database.unavailable"); },
       "503 database.unavailable", "customer:u1 invoice:418/9001 claim"},
      {"switched off by the customer: the claim is given back",
       [](World& w, HandOff&) { w.no_link = Problem(409, "billing.payment_link_blocked"); },
       "409 billing.payment_link_blocked",
       "customer:u1 invoice:418/9001 claim link release record:refused/billing.payment_link_blocked"},
      {"billing is away: the claim is given back",
       [](World& w, HandOff&) { w.no_link = Problem(504, "upstream.timeout"); }, "504 upstream.timeout",
       "customer:u1 invoice:418/9001 claim link release record:failed/upstream.timeout"},
      {"giving back fails: the first failure is told",
       [](World& w, HandOff&) {
         w.no_link = Problem(504, "upstream.timeout");
         w.no_release = Problem(503, "database.unavailable");
       },
       "504 upstream.timeout", "customer:u1 invoice:418/9001 claim link release"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    World world;
    auto wanted = request();
    row.change(world, wanted);
    CHECK(outcome_of(world, wanted) == row.outcome);
    CHECK(world.steps == row.steps);
  }
}

TEST_CASE("a paid invoice can still be viewed") {
  World world;
  world.status = contract::InvoiceStatus::paid;
  CHECK(outcome_of(world, request(Target::view)) == "billing.example.ch");
}

TEST_CASE("a link that cannot be recorded is not given out") {
  World world;
  world.no_record = Problem(503, "database.unavailable");
  CHECK(outcome_of(world, request()) == "503 database.unavailable");
}

TEST_CASE("who has to wait hears for how long") {
  World world;
  world.wait_s = 42;
  try {
    hand_off(world, request());
    FAIL("no failure");
  } catch (const Problem& problem) {
    CHECK(problem.retry_after_s == 42);
  }
}
