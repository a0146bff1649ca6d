// The decisions around AddClient, and the other customer calls.
#include "mapping/customers.hpp"

#include "tests/fake_api.hpp"

using namespace whmcs;
using portico::Problem;
namespace contract = portico::billing;

namespace {

contract::NewCustomer hanako() {
  return {"signup-1",   "hanako@example.jp",
          "花子",       "山田",
          std::nullopt, "+81 3-1234-5678",
          "ja",         {"千代田1-1", std::nullopt, "千代田区", "東京都", "100-0001", "JP"}};
}

std::string clients(std::string_view rows) {
  return R"({"result":"success","totalresults":1,"clients":{"client":[)" + std::string(rows) + "]}}";
}
std::string details(std::string_view notes) {
  return R"({"result":"success","client":{"id":418,"notes":")" + std::string(notes) + "\"}}";
}

const std::string kNone =
    R"({"result":"success","totalresults":0,"startnumber":0,"numreturned":0,"clients":""})";
const std::string kRow = R"({"id":418,"email":"hanako@example.jp"})";
const std::string kAdded = R"({"result":"success","clientid":"418","owner_id":533})";

FakeApi::Step search(FakeApi::Answer answer) {
  return {"GetClients", std::move(answer)};
}
FakeApi::Step look(FakeApi::Answer answer) {
  return {"GetClientsDetails", std::move(answer)};
}
FakeApi::Step add(FakeApi::Answer answer) {
  return {"AddClient", std::move(answer)};
}
Refusal no(const char* message) {
  return Refusal("AddClient", message);
}

}  // namespace

TEST_CASE("creating a customer looks first, adds once, and looks again where nobody knows") {
  struct Row {
    const char* rule;
    std::deque<FakeApi::Step> script;
    const char* outcome;  // "418" or the problem
  };
  const std::vector<Row> rows = {
      {"nobody has the address: it is added", {search(kNone), add(kAdded)}, "418"},
      {"an earlier try made it: found, not added",
       {search(clients(kRow)), look(details("portico:signup-1"))},
       "418"},
      {"… also beside notes of the staff",
       {search(clients(kRow)), look(details("VIP\\nportico:signup-1\\r\\ncalled on Monday"))},
       "418"},
      {"somebody else has the address",
       {search(clients(kRow)), look(details("portico:signup-2"))},
       "409 billing.customer_exists"},
      {"a longer marker is another one",
       {search(clients(kRow)), look(details("portico:signup-11"))},
       "409 billing.customer_exists"},
      {"a client without notes is another's",
       {search(clients(kRow)), look(details(""))},
       "409 billing.customer_exists"},
      {"the search finds the start only: a longer address does not count",
       {search(clients(R"({"id":9,"email":"hanako@example.jp.example.org"})")), add(kAdded)},
       "418"},
      {"addresses are one but for case",
       {search(clients(R"({"id":418,"email":"Hanako@Example.JP"})")), look(details("portico:signup-1"))},
       "418"},
      {"of two with the address, ours is found",
       {search(clients(R"({"id":7,"email":"hanako@example.jp"},)" + kRow)), look(details("")),
        look(details("portico:signup-1"))},
       "418"},
      {"a time-out, and it ran",
       {search(kNone), add(Problem(504, "upstream.timeout")), search(clients(kRow)),
        look(details("portico:signup-1"))},
       "418"},
      {"a time-out, and nothing is found: repeat",
       {search(kNone), add(Problem(504, "upstream.timeout")), search(kNone)},
       "503 upstream.unavailable"},
      {"a reset, and the look fails too: repeat",
       {search(kNone), add(Problem(503, "upstream.unavailable")),
        search(Problem(503, "upstream.unavailable"))},
       "503 upstream.unavailable"},
      {"a reply of nonsense, and it ran",
       {search(kNone), add(Problem(502, "upstream.bad_reply")), search(clients(kRow)),
        look(details("portico:signup-1"))},
       "418"},
      {"a success without an id, and it ran",
       {search(kNone), add(R"({"result":"success"})"), search(clients(kRow)),
        look(details("portico:signup-1"))},
       "418"},
      {"a time-out, and meanwhile somebody else has the address",
       {search(kNone), add(Problem(504, "upstream.timeout")), search(clients(kRow)), look(details(""))},
       "409 billing.customer_exists"},
      {"no place in the queue: it did not run",
       {search(kNone), add(Problem(503, "upstream.busy"))},
       "503 upstream.busy"},
      {"an open breaker: it did not run",
       {search(kNone), add(Problem(503, "upstream.circuit_open"))},
       "503 upstream.circuit_open"},
      {"barred: it did not run",
       {search(kNone), add(Problem(503, "upstream.misconfigured"))},
       "503 upstream.misconfigured"},
      {"taken, by our own earlier try",
       {search(kNone), add(no("A user already exists with that email address")), search(clients(kRow)),
        look(details("portico:signup-1"))},
       "418"},
      {"taken, by a login without a client",
       {search(kNone), add(no("A USER ALREADY EXISTS with that email address")), search(kNone)},
       "409 billing.customer_exists"},
      {"taken otherwise",
       {search(kNone), add(no("The email address entered is not available for use.")), search(kNone)},
       "409 billing.customer_exists"},
      {"refused by a rule", {search(kNone), add(no("You did not enter your state"))}, "422 billing.refused"},
      {"refused by a text nobody knows",
       {search(kNone), add(no("The moon is full"))},
       "502 upstream.refused"},
      {"the first look fails: nothing is sent",
       {search(Problem(503, "upstream.unavailable"))},
       "503 upstream.unavailable"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    FakeApi api(row.script);
    Customers customers(api, "en", [] { return std::string("random"); });
    std::string outcome;
    const auto problem = code_of([&] { outcome = customers.create(hanako()).customer_id; });
    CHECK((problem.empty() ? outcome : problem) == row.outcome);
    CHECK(api.done());
    int added = 0;
    for (const auto& asked : api.asked) {
      added += asked.action == "AddClient";
      CHECK((asked.kind == Kind::write) == (asked.action == "AddClient"));
    }
    CHECK(added <= 1);
  }
}

TEST_CASE("AddClient carries the person, the marker and a password nobody is told") {
  FakeApi api({search(kNone), add(kAdded)});
  Customers customers(api, "en", [] { return std::string("r4ndom"); });
  auto person = hanako();
  person.company = "ACME & Söhne";
  customers.create(person);
  const auto& form = api.asked[1].form;
  const std::pair<const char*, const char*> expected[] = {{"firstname", "花子"},
                                                          {"lastname", "山田"},
                                                          {"email", "hanako@example.jp"},
                                                          {"companyname", "ACME & Söhne"},
                                                          {"address1", "千代田1-1"},
                                                          {"address2", ""},
                                                          {"city", "千代田区"},
                                                          {"state", "東京都"},
                                                          {"postcode", "100-0001"},
                                                          {"country", "JP"},
                                                          {"phonenumber", "+81.312345678"},
                                                          {"language", "japanese"},
                                                          {"notes", "portico:signup-1"},
                                                          {"noemail", "1"},
                                                          {"password2", "r4ndom"}};
  for (const auto& [name, value] : expected) {
    INFO(name);
    REQUIRE(form.find(name) != nullptr);
    CHECK(*form.find(name) == value);
  }
  CHECK(form.fields().size() == std::size(expected));
}

TEST_CASE("a marker or country that could not be found again is refused before anything is sent") {
  FakeApi api({});
  Customers customers(api, "en", [] { return std::string(); });
  for (const char* marker : {"", "a b", "a\nb", "<x>", "a/b"}) {
    auto person = hanako();
    person.marker = marker;
    CHECK(code_of([&] { customers.create(person); }) == "422 request.invalid");
  }
  auto person = hanako();
  person.address.country = "Japan";
  CHECK(code_of([&] { customers.create(person); }) == "422 billing.refused");
}

TEST_CASE("many clients with a like address are read page by page") {
  std::string page;
  for (int i = 0; i < 100; ++i)
    page += std::string(i ? "," : "") + R"({"id":)" + std::to_string(i + 1) +
            R"(,"email":"hanako@example.jp.x"})";
  FakeApi api({search(clients(page)), search(clients(kRow)), look(details("portico:signup-1"))});
  Customers customers(api, "en", [] { return std::string(); });
  CHECK(customers.create(hanako()).customer_id == "418");
  CHECK(*api.asked[0].form.find("limitstart") == "0");
  CHECK(*api.asked[1].form.find("limitstart") == "100");
}

TEST_CASE("a change sends what is given, and answers with what WHMCS holds") {
  const std::string held =
      R"({"result":"success","client":{"id":"418","email":"hanako@example.jp","firstname":"花子","lastname":"O&#039;Neill",
          "companyname":"","address1":"1-1","address2":"","city":"c","state":"s","postcode":1000001,"countrycode":"JP",
          "phonenumberformatted":"+81.0312345678","language":"japanese","currency_code":"JPY","notes":""}})";
  FakeApi api({{"UpdateClient", R"({"result":"success","clientid":"418"})"}, look(held)});
  Customers customers(api, "en", [] { return std::string(); });
  contract::CustomerChange change;
  change.customer_id = "418";
  change.company = "";
  change.phone = "03-1234-5678";
  const auto customer = customers.update(change);
  CHECK(api.asked[0].form.encode() == "clientid=418&companyname=&phonenumber=0312345678");
  CHECK(customer.last_name == "O'Neill");
  CHECK(customer.company == std::nullopt);
  CHECK(customer.phone == "0312345678");
  CHECK(customer.address.postcode == "1000001");
  CHECK(customer.address.line2 == std::nullopt);
  CHECK(customer.language == "ja");
  CHECK(customer.currency == "JPY");
}

TEST_CASE("a customer that is not there is 404, whatever the id looks like") {
  for (const char* id : {"", "0", "-1", "x", "1x", "9999999999999999999"}) {
    FakeApi api({});
    Customers customers(api, "en", [] { return std::string(); });
    CHECK(code_of([&] { customers.get({id}); }) == "404 billing.customer_not_found");
  }
  FakeApi api({look(Refusal("GetClientsDetails", "Client Not Found"))});
  Customers customers(api, "en", [] { return std::string(); });
  CHECK(code_of([&] { customers.get({"5"}); }) == "404 billing.customer_not_found");
}

TEST_CASE("a sign-in answers with the clients of that user and no other") {
  FakeApi api(
      {{"ValidateLogin", R"({"result":"success","userid":533,"passwordhash":"x","twoFactorEnabled":true})"},
       {"GetUsers", R"({"result":"success","users":[{"id":532,"clients":[{"id":1,"isOwner":true}]},
                                {"id":"533","clients":[{"id":418,"isOwner":true},{"id":"419","isOwner":false}]}]})"}});
  Customers customers(api, "en", [] { return std::string(); });
  const auto result = customers.verify_login({"mira@keller.example", "pw"});
  CHECK(result.customer_ids == std::vector<std::string>{"418", "419"});
  CHECK(result.second_factor);
  FakeApi wrong({{"ValidateLogin", Refusal("ValidateLogin", "Email or Password Invalid")}});
  Customers others(wrong, "en", [] { return std::string(); });
  CHECK(code_of([&] { others.verify_login({"a@b.example", "pw"}); }) == "401 billing.login_refused");
}
