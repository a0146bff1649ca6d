// From somebody who goes to pay to the points: event, job, route; against rows kept in memory.
#include <catch2/catch.hpp>
#include <map>
#include <portico/contracts/billing.hpp>
#include <portico/testkit.hpp>

using namespace std::chrono_literals;
using namespace portico::testkit;
namespace billing = portico::billing;

namespace {

/// Understands the three statements of store/credits.cpp; its rows are kept when their transaction commits.
class Credits final : public Database {
 public:
  std::map<std::string, std::int64_t> rows;  // invoice → points
  std::string owner;                         // of the last transaction

  std::unique_ptr<DatabaseTransaction> begin(const DatabaseScope& scope) override {
    owner = scope.user_id;
    return std::make_unique<InMemory>(*this);
  }

 private:
  struct InMemory final : DatabaseTransaction {
    explicit InMemory(Credits& all) : all(all), rows(all.rows) {}
    QueryResult run(std::string_view sql, const std::vector<Value>& parameters) override {
      QueryResult out;
      if (sql.find("INSERT") != sql.npos) {
        out.affected = rows.emplace(parameters[1].text, parameters[2].integer).second;
      } else if (sql.find("sum(") != sql.npos) {
        std::int64_t sum = 0;
        for (const auto& [invoice, points] : rows) sum += points;
        out = {{"sum"}, {{PORTICO_VALUE_INT, sum, 0, {}}}, 1, 0};
      } else {
        out.columns = {"invoice_id", "points", "credited_at"};
        for (const auto& [invoice, points] : rows) {
          out.cells.push_back({PORTICO_VALUE_TEXT, 0, 0, invoice});
          out.cells.push_back({PORTICO_VALUE_INT, points, 0, {}});
          out.cells.push_back({PORTICO_VALUE_TEXT, 0, 0, "2030-01-01T00:00:00Z"});
          ++out.row_count;
        }
      }
      return out;
    }
    void commit() override { all.rows = rows; }
    void rollback() override {}
    Credits& all;
    std::map<std::string, std::int64_t> rows;
  };
};

/// A host in which the invoice has this state, until it is changed.
struct Portal {
  Portal() {
    host.with_database(credits);
    host.provide(billing::get_invoice, [this](const billing::InvoiceRef& ref) {
      if (status == billing::InvoiceStatus::draft) throw portico::Problem(404, "billing.invoice_not_found");
      billing::Invoice invoice;
      invoice.id = ref.invoice_id;
      invoice.status = status;
      invoice.total = {5500, "JPY"};
      return invoice;
    });
    host.config({{"percent", 2}});
    host.load();
    host.sign_in();
  }
  void pays() { host.publish(billing::payment_started, {User().user_id, "418", "1000"}); }
  std::int64_t points() { return host.get("/api/loyalty").json().at("points").as_int64(); }

  Credits credits;
  billing::InvoiceStatus status = billing::InvoiceStatus::unpaid;
  TestHost host;
};

}  // namespace

TEST_CASE("a paid invoice gives its points once, however often it is told") {
  Portal portal;
  portal.status = billing::InvoiceStatus::paid;
  portal.pays();
  portal.pays();
  portal.host.work();
  CHECK(portal.points() == 110);
  portal.pays();
  portal.host.work();
  CHECK(portal.points() == 110);
  CHECK(portal.credits.owner == User().user_id);
}

TEST_CASE("an invoice that is not paid at once is looked at again until it is") {
  Portal portal;
  portal.pays();
  portal.host.work();
  CHECK(portal.points() == 0);
  portal.status = billing::InvoiceStatus::paid;
  portal.host.advance(2h);
  portal.host.work();
  CHECK(portal.points() == 110);
}

TEST_CASE("nobody waits for longer than a week") {
  Portal portal;
  portal.pays();
  portal.host.work();
  portal.host.advance(24h * 7 + 2h);
  portal.host.work();
  for (const auto& job : portal.host.jobs()) CHECK(job.state == "done");
  portal.status = billing::InvoiceStatus::paid;
  portal.host.advance(24h);
  portal.host.work();
  CHECK(portal.points() == 0);
}

TEST_CASE("an invoice that is gone is a dead letter, and gives nothing") {
  Portal portal;
  portal.status = billing::InvoiceStatus::draft;
  portal.pays();
  portal.host.work();
  CHECK(portal.host.jobs().back().state == "dead");
  CHECK(portal.points() == 0);
}

TEST_CASE("points are for signed-in people") {
  Portal portal;
  portal.host.sign_out();
  CHECK(portal.host.get("/api/loyalty").status == 401);
}
