// Clients and users over the wire: success shapes, refusals, quirks.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "examples/sandbox/testing/running.hpp"
#include "examples/sandbox/whmcs/seed.hpp"

namespace sandbox::testing {

namespace json = boost::json;

namespace {

std::string message_of(const Reply& reply) {
  return std::string(reply.json().at("message").as_string());
}

/// The sign-up form with one field given another value ("-" removes it).
std::string with(const std::string& form, const std::string& field, const std::string& value) {
  const auto at = form.find("&" + field + "=");
  REQUIRE(at != std::string::npos);
  const auto end = form.find('&', at + 1);
  const std::string rest = end == std::string::npos ? "" : form.substr(end);
  return form.substr(0, at) + (value == "-" ? "" : "&" + field + "=" + value) + rest;
}

}  // namespace

TEST_CASE("AddClient makes a client and its owner and answers both ids as numbers") {
  const Running running;
  const auto answer = running.post_form(sign_up_form("new@sample.example")).json();
  CHECK(answer.at("result") == "success");
  CHECK(answer.at("clientid").is_int64());
  CHECK(answer.at("owner_id").is_int64());
  CHECK(answer.at("clientid") != answer.at("owner_id"));
  const auto id = std::to_string(answer.at("clientid").as_int64());
  const auto details = running.ask("GetClientsDetails", {{"clientid", id}});
  CHECK(details.at("client").at("owner_user_id") == answer.at("owner_id"));
  CHECK(details.at("client").at("phonecc") == "81");
  CHECK(details.at("client").at("currency_code") == "JPY");
  const auto login =
      running.ask("ValidateLogin", {{"email", "new@sample.example"}, {"password2", "new-Sample-1"}});
  CHECK(login.at("userid") == answer.at("owner_id"));
}

TEST_CASE("AddClient refuses with the documented texts") {
  const Running running;
  const std::string form = sign_up_form("new@sample.example");
  struct Row {
    const char* field;
    const char* value;
    const char* message;
  };
  const Row row = GENERATE(values<Row>({
      {"firstname", "", "You did not enter your first name"},
      {"lastname", "-", "You did not enter your last name"},
      {"email", "", "You did not enter your email address"},
      {"email", "no-at-sign", "The email address you entered was not valid"},
      {"address1", "", "You did not enter your  address line 1"},
      {"city", "+", "You did not enter your city"},
      {"state", "", "You did not enter your state"},
      {"postcode", "", "You did not enter your postcode"},
      {"phonenumber", "", "You did not enter your phone number"},
      {"phonenumber", "call+me", "Invalid telephone phone number"},
      {"country", "Japan", "Valid country required"},
      {"country", "-", "Valid country required"},
      {"email", "HANAKO%40mihon.example", "A user already exists with that email address"},
  }));
  const Reply reply = running.post_form(with(form, row.field, row.value));
  INFO(row.field << " = " << row.value << ": " << reply.body);
  CHECK(reply.status == 200);
  CHECK(message_of(reply) == row.message);
  CHECK(running.ask("GetClients", {{"search", "new@"}}).at("totalresults") == 0);
}

TEST_CASE("AddClient can attach to a user, who must exist and whose address must be free") {
  const Running running;
  const std::string form = sign_up_form("second@sample.example");
  CHECK(message_of(running.post_form(form + "&owner_user_id=999999")) == "Invalid Owner User ID");
  const auto answer = running.post_form(with(form, "password2", "-") + "&owner_user_id=501").json();
  CHECK(answer.at("owner_id") == 501);
  CHECK(message_of(running.post_form(form + "&owner_user_id=501")) ==
        "The email address entered is not available for use.");
  const auto users = running.ask("GetUsers", {{"search", "hanako@mihon.example"}}).at("users").as_array();
  REQUIRE(users.size() == 1);
  CHECK(users[0].at("clients").as_array().size() == 3);
}

TEST_CASE("a blocked domain and all errors at once are switches") {
  Running running;
  running.control("PUT", "/control/whmcs/switches",
                  {{"blocked_email_domains", json::array{"spam.example"}}, {"validation_errors", "all"}});
  CHECK(message_of(running.post_form(sign_up_form("a@SPAM.example"))) ==
        "The email address entered is not available for use.");
  CHECK(message_of(running.post_form(with(with(sign_up_form("a@b.example"), "city", ""), "state", ""))) ==
        "You did not enter your city\nYou did not enter your state");
}

TEST_CASE("free text is stored and returned HTML-escaped, passwords are not") {
  const Running running;
  std::string form = with(sign_up_form("esc@sample.example"), "firstname", "O%27Neill+%26+%22Co%22+%3Cx%3E");
  form = with(form, "password2", "a%26b%3C%27");
  const auto id = std::to_string(running.post_form(form).json().at("clientid").as_int64());
  CHECK(running.ask("GetClientsDetails", {{"clientid", id}}).at("firstname") ==
        "O&#039;Neill &amp; &quot;Co&quot; &lt;x&gt;");
  CHECK(running.call("ValidateLogin", {{"email", "esc@sample.example"}, {"password2", "a&b<'"}})
            .json()
            .at("result") == "success");
}

TEST_CASE("custom fields arrive serialized and come back flat, ordinal copies included") {
  const Running running;
  // base64 of a:1:{i:7;s:10:"Zürich-01";}
  const auto added = running
                         .post_form(sign_up_form("cf@sample.example") +
                                    "&customfields=YToxOntpOjc7czoxMDoiWsO8cmljaC0wMSI7fQ%3D%3D")
                         .json();
  const auto id = std::to_string(added.at("clientid").as_int64());
  const auto client = running.ask("GetClientsDetails", {{"clientid", id}}).at("client").as_object();
  CHECK(client.at("customfields").as_array()[0].at("id") == 7);
  CHECK(client.at("customfields").as_array()[0].at("value") == "Zürich-01");
  CHECK(client.at("customfields1") == "Zürich-01");
}

TEST_CASE("a new client gets invoices in every state, or none by switch") {
  Running running;
  const auto invoices_of_new = [&](const std::string& email) {
    const auto id = std::to_string(running.post_form(sign_up_form(email)).json().at("clientid").as_int64());
    return running.ask("GetInvoices", {{"userid", id}});
  };
  const auto answer = invoices_of_new("one@sample.example");
  std::set<std::string> states;
  for (const auto& invoice : answer.at("invoices").at("invoice").as_array())
    states.insert(std::string(invoice.at("status").as_string()));
  CHECK(states == std::set<std::string>{"Draft", "Unpaid", "Paid", "Cancelled", "Refunded", "Collections",
                                        "Payment Pending"});
  running.control("PUT", "/control/whmcs/switches", {{"new_client_invoices", "none"}});
  CHECK(invoices_of_new("two@sample.example").at("totalresults") == 0);
}

TEST_CASE("UpdateClient changes what is named, answers the id as text, and refuses by name") {
  const Running running;
  const auto answer =
      running.ask("UpdateClient", {{"clientid", "101"}, {"city", "Kita & Ku"}, {"status", "inactive"}});
  CHECK(answer.at("clientid") == "101");
  const auto client = running.ask("GetClientsDetails", {{"clientid", "101"}}).at("client").as_object();
  CHECK(client.at("city") == "Kita &amp; Ku");
  CHECK(client.at("status") == "Inactive");
  CHECK(client.at("postcode") == "100-0001");
  CHECK(
      running
          .ask("UpdateClient", {{"clientemail", "Zero@sample.example"}, {"email_preferences[invoice]", "0"}})
          .at("clientid") == "102");
  CHECK(running.ask("GetClientsDetails", {{"clientid", "102"}})
            .at("client")
            .at("email_preferences")
            .at("invoice") == "0");
  CHECK(running.refusal("UpdateClient", {{"clientid", "1"}}) == "Client ID Not Found");
  CHECK(running.refusal("UpdateClient", {{"clientid", "101"}, {"email", "zero@sample.example"}}) ==
        "Duplicate Email Address");
  CHECK(running.refusal("UpdateClient", {{"clientid", "101"}, {"email", "bad"}}) ==
        "The email address entered is not valid");
}

TEST_CASE("GetClients pages by 25, and search is a prefix only") {
  const Running running;
  for (int i = 0; i < 20; ++i) running.post_form(sign_up_form(fmt::format("page{:02}@sample.example", i)));
  const auto all = running.ask("GetClients");
  CHECK(all.at("totalresults") == 31);
  CHECK(all.at("numreturned") == 25);
  const auto rest = running.ask("GetClients", {{"limitstart", "25"}, {"limitnum", "100"}, {"orderby", "id"}});
  CHECK(rest.at("startnumber") == 25);
  CHECK(rest.at("numreturned") == 6);
  CHECK(running.ask("GetClients", {{"search", "PAGE0"}}).at("totalresults") == 10);
  CHECK(running.ask("GetClients", {{"search", "sample.example"}}).at("totalresults") == 0);
  const auto descending =
      running.ask("GetClients", {{"orderby", "id"}, {"sorting", "DESC"}, {"limitnum", "1"}});
  CHECK(descending.at("clients").at("client").as_array()[0].at("id") == 131);
}

TEST_CASE("GetClientsDetails sends every field twice, stats only when asked") {
  const Running running;
  auto plain = running.ask("GetClientsDetails", {{"email", "PAT@obrien.example"}});
  CHECK_FALSE(plain.contains("stats"));
  const auto client = plain.at("client").as_object();
  CHECK(client.at("companyname") == "O&#039;Brien &amp; Söhne &lt;Sample&gt;");
  for (const auto& member : client) {
    INFO(std::string_view(member.key()));
    REQUIRE(plain.contains(member.key()));
    CHECK(plain.at(member.key()) == member.value());
  }
  const auto users = client.at("users").at("user").as_array();
  REQUIRE(users.size() == 2);
  CHECK(users[0].at("is_owner") == true);
  CHECK(users[1].at("id") == 501);
  const auto stats =
      running.ask("GetClientsDetails", {{"clientid", "104"}, {"stats", "1"}}).at("stats").as_object();
  CHECK(stats.at("numunpaidinvoices") == 2);
  // 12000 + 520 + tax 1200 − paid 5000, and 4950 + tax 495
  CHECK(stats.at("dueinvoicesbalance") == "¥14,165.00");
  CHECK(running.refusal("GetClientsDetails") == "Either clientid Or email Is Required");
  CHECK(running.refusal("GetClientsDetails", {{"clientid", "1"}}) == "Client Not Found");
}

TEST_CASE("ValidateLogin answers the user's id and refuses without saying why") {
  const Running running;
  const auto answer = running.ask("ValidateLogin", {{"email", "Hanako@Mihon.example"},
                                                    {"password2", std::string_view(whmcs::kSamplePassword)}});
  CHECK(answer.at("userid") == 501);
  CHECK(answer.at("passwordhash").as_string().size() == 40);
  CHECK(answer.at("twoFactorEnabled") == false);
  for (const auto* email : {"hanako@mihon.example", "nobody@mihon.example"})
    CHECK(running.refusal("ValidateLogin", {{"email", email}, {"password2", "wrong"}}) ==
          "Email or Password Invalid");
  CHECK(running.ask("GetClientsDetails", {{"clientid", "101"}})
            .at("lastlogin")
            .as_string()
            .starts_with("Date: "));
}

TEST_CASE("GetUsers is a flat list with the clients of each user") {
  const Running running;
  const auto answer = running.ask("GetUsers", {{"search", "pat@obrien.example"}});
  CHECK(answer.at("totalresults") == 1);
  const auto user = answer.at("users").as_array().at(0).as_object();
  CHECK(user.at("id") == 504);
  CHECK(user.at("clients").as_array() == json::array{json::object{{"id", 104}, {"isOwner", true}}});
}

TEST_CASE("list shapes drift by switch") {
  Running running;
  const auto clients = [&](const char* shape, const char* search) {
    running.control("PUT", "/control/whmcs/switches", {{"shapes", shape}});
    const auto answer = running.ask("GetClients", {{"search", search}});
    const auto* list = answer.if_contains("clients");
    return list == nullptr ? std::string("missing") : json::serialize(*list).substr(0, 19);
  };
  CHECK(clients("documented", "none-such") == "{\"client\":[]}");
  CHECK(clients("empty_string", "none-such") == "\"\"");
  CHECK(clients("empty_array", "none-such") == "[]");
  CHECK(clients("empty_object", "none-such") == "{}");
  CHECK(clients("null", "none-such") == "null");
  CHECK(clients("missing", "none-such") == "missing");
  CHECK(clients("single_object", "zero@") == "{\"client\":{\"id\":102");
  CHECK(clients("numeric_keys", "zero@") == "{\"client\":{\"0\":{\"id");
  CHECK(clients("documented", "zero@") == "{\"client\":[{\"id\":10");
}

TEST_CASE("numbers turn into texts by switch, money and postcodes stay what they are") {
  Running running;
  running.control("PUT", "/control/whmcs/switches", {{"numbers", "strings"}});
  CHECK(running.ask("GetClients").at("totalresults") == "11");
  running.control("PUT", "/control/whmcs/switches", {{"numbers", "numbers"}});
  CHECK(running.ask("UpdateClient", {{"clientid", "105"}}).at("clientid") == 105);
  const auto details = running.ask("GetClientsDetails", {{"clientid", "105"}});
  CHECK(details.at("postcode") == "4057");
  CHECK(details.at("credit") == "0.00");
}

}  // namespace sandbox::testing
