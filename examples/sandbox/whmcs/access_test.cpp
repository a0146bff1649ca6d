// What WHMCS refuses before an action runs: order, status and words.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "examples/sandbox/testing/running.hpp"

namespace sandbox::testing {

namespace json = boost::json;

TEST_CASE("rejections carry the documented status and text") {
  const Running running;
  const Options defaults;
  const std::string good = credentials();
  struct Row {
    const char* rule;
    std::string form;
    int status;
    const char* message;
  };
  const std::string id = "identifier=" + defaults.whmcs_identifier,
                    secret = "secret=" + defaults.whmcs_secret;
  const std::vector<Row> rows{
      {"no credentials", "responsetype=json&action=GetClients", 403, "Authentication Failed"},
      {"unknown identifier", "responsetype=json&identifier=x&" + secret, 403,
       "Invalid or missing credentials"},
      {"wrong secret", "responsetype=json&secret=x&" + id, 403, "Authentication Failed"},
      {"no action", good, 400, "Empty action request"},
      {"unknown action", good + "&action=GetClientsDomainssda", 403,
       "Invalid API Action: \"getclientsdomainssda\" is not a valid API action"},
      {"credentials before action", "responsetype=json&action=nonsense", 403, "Authentication Failed"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    const Reply reply = running.post_form(row.form);
    CHECK(reply.status == row.status);
    CHECK(reply.json().at("result") == "error");
    CHECK(reply.json().at("message") == row.message);
  }
}

TEST_CASE("the same pair is accepted as username and password, and the action in any letter case") {
  const Running running;
  const Options defaults;
  const Reply reply =
      running.post_form(fmt::format("username={}&password={}&responsetype=json&action=GETclients",
                                    defaults.whmcs_identifier, defaults.whmcs_secret));
  CHECK(reply.status == 200);
  CHECK(reply.json().at("result") == "success");
}

TEST_CASE("an address that is not allowed is refused first, unless the access key is sent") {
  Running running;
  running.control("PUT", "/control/whmcs/switches",
                  {{"allowed_ips", json::array{"203.0.113.9"}}, {"access_key", "open!"}});
  const Reply reply = running.post_form("responsetype=json&action=GetClients");
  CHECK(reply.status == 403);
  CHECK(reply.json().at("message") == "Invalid IP 127.0.0.1");
  CHECK(running.call("GetClients", {{"accesskey", "open!"}}).status == 200);
}

TEST_CASE("roles are asked before the action is known") {
  Running running;
  const Options defaults;
  const auto set = [&](json::object credential) {
    credential["secret"] = defaults.whmcs_secret;
    running.control("PUT", "/control/whmcs/switches",
                    {{"credentials", json::object{{defaults.whmcs_identifier, credential}}}});
  };
  set({{"actions", json::array{"GetInvoices"}}});
  CHECK(running.call("GetInvoices").status == 200);
  for (const auto* action : {"GetStats", "NoSuchThing"}) {
    const Reply reply = running.call(action);
    CHECK(reply.status == 403);
    std::string name(action);
    std::transform(name.begin(), name.end(), name.begin(), ::tolower);
    CHECK(std::string(reply.json().at("message").as_string()) ==
          fmt::format("Invalid Permissions: API action \"{}\" is not allowed", name));
  }
  set({{"admin_enabled", false}});
  CHECK(running.call("GetInvoices").json().at("message") == "Administrator Account Disabled");
  set({{"api_access", false}});
  CHECK(running.call("GetInvoices").json().at("message") == "Access Denied");
}

TEST_CASE("the md5 login of an administrator is a switch") {
  Running running;
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  running.control("PUT", "/control/whmcs/switches",
                  {{"legacy_admin", "operator"}, {"legacy_password_md5", md5}});
  const std::string form = "responsetype=json&action=GetCurrencies&username=operator&password=";
  CHECK(running.post_form(form + md5).status == 200);
  CHECK(running.post_form(form + "x").json().at("message") == "Invalid password provided");
}

TEST_CASE("only POST carries parameters, and without responsetype=json the answer is XML") {
  const Running running;
  const Reply get =
      send("GET", running.url("/whmcs/includes/api.php?" + credentials() + "&action=GetClients"));
  CHECK(get.status == 403);
  const Options defaults;
  const Reply xml = running.post_form(fmt::format("identifier={}&secret={}&action=GetCurrencies",
                                                  defaults.whmcs_identifier, defaults.whmcs_secret));
  CHECK(xml.content_type == "application/xml");
  CHECK(xml.body.find("<action>getcurrencies</action>") != std::string::npos);
  CHECK(xml.body.find("<code>JPY</code>") != std::string::npos);
}

TEST_CASE("escapes of the JSON text are switches") {
  Running running;
  const auto body = [&] { return running.call("GetClientsDetails", {{"clientid", "105"}}).body; };
  CHECK(body().find("S\\u00f6hne") != std::string::npos);
  running.control("PUT", "/control/whmcs/switches",
                  {{"escape_non_ascii", false}, {"escape_hex_quotes", true}, {"escape_slash", false}});
  CHECK(body().find("Söhne") != std::string::npos);
  CHECK(body().find("\\u0026amp;") != std::string::npos);
  CHECK(running.call("nonsense").body.find("\\u0022nonsense\\u0022") != std::string::npos);
  CHECK(running.ask("CreateSsoToken", {{"client_id", "101"}})
            .at("redirect_url")
            .as_string()
            .starts_with("http://"));
}

}  // namespace sandbox::testing
