// The control API, the call log, and what survives a restart.
#include <catch2/catch.hpp>
#include <fstream>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/testing/running.hpp"

namespace sandbox::testing {

namespace json = boost::json;

TEST_CASE("the call log counts calls and never holds a secret") {
  const Running running;
  running.post_form(sign_up_form("log@sample.example"));
  running.post_form("responsetype=json&identifier=x&secret=y&action=getclients");
  const auto log = running.get("/control/whmcs/calls").json();
  CHECK(log.at("count") == 2);
  const auto& first = log.at("calls").as_array()[0].as_object();
  CHECK(first.at("action") == "addclient");
  CHECK(first.at("params").at("email") == "log@sample.example");
  CHECK(first.at("params").at("password2") == "[removed]");
  CHECK(first.at("params").at("secret") == "[removed]");
  CHECK(first.at("http_status") == 200);
  CHECK(first.at("result") == "success");
  CHECK(first.at("running") == false);
  CHECK(log.at("calls").as_array()[1].at("message") == "Invalid or missing credentials");
  const std::string text = json::serialize(log);
  CHECK(text.find("new-Sample-1") == std::string::npos);
  CHECK(text.find(Options{}.whmcs_secret) == std::string::npos);
  CHECK(running.calls_of("ADDCLIENT") == 1);
  CHECK(running.get("/control/whmcs/calls?since=1").json().at("count") == 1);
  CHECK(send("DELETE", running.url("/control/whmcs/calls")).status == 200);
  CHECK(running.get("/control/whmcs/calls").json().at("count") == 0);
}

TEST_CASE("a restart keeps records, tokens, switches, mail and clock") {
  const Folder folder;
  Options options;
  options.state_file = folder.file("state.json");
  Running running(options);
  const auto added = running.post_form(sign_up_form("kept@sample.example")).json();
  running.box().mailbox().add("a@b.example", {"c@d.example"}, "Subject: kept\r\n\r\n\xFF\r\n");
  running.control("PUT", "/control/whmcs/switches", {{"new_client_invoices", "none"}, {"version", "9.0.1"}});
  running.control("PUT", "/control/clock", {{"offset_s", 3600}});
  const auto token =
      std::string(running.ask("CreateSsoToken", {{"client_id", "101"}}).at("access_token").as_string());
  const auto before = running.ask("GetInvoices", {{"limitnum", "1000"}});
  const auto details = running.ask("GetClientsDetails", {{"email", "kept@sample.example"}});

  running.restart();
  CHECK(running.ask("GetInvoices", {{"limitnum", "1000"}}) == before);
  CHECK(running.ask("GetClientsDetails", {{"email", "kept@sample.example"}}) == details);
  CHECK(running.ask("ValidateLogin", {{"email", "kept@sample.example"}, {"password2", "new-Sample-1"}})
            .at("userid") == added.at("owner_id"));
  CHECK(running.ask("WhmcsDetails").at("whmcs").at("version") == "9.0.1");
  CHECK(running.get("/control/clock").json().at("offset_ms") == 3'600'000);
  const auto mail = json::parse(running.get("/mail/messages").body).as_array();
  REQUIRE(mail.size() == 1);
  CHECK(mail[0].at("subject") == "kept");
  CHECK(running.get("/whmcs/oauth/singlesignon.php?access_token=" + token).status == 302);
  running.restart();
  CHECK(running.get("/whmcs/oauth/singlesignon.php?access_token=" + token).status == 403);
  // new ids go on where the old ones ended
  const auto next = running.post_form(sign_up_form("next@sample.example")).json();
  CHECK(next.at("clientid").as_int64() == added.at("clientid").as_int64() + 1);
}

TEST_CASE("a state file that is no JSON stops the start instead of being overwritten") {
  const Folder folder;
  Options options;
  options.state_file = folder.file("state.json");
  std::ofstream(options.state_file) << "{\"whmcs\":";
  CHECK_THROWS_WITH(Running(options), Catch::Contains("is not JSON"));
  CHECK(std::filesystem::file_size(options.state_file) == 9);
}

TEST_CASE("reset goes back to the seed") {
  Running running;
  running.post_form(sign_up_form("x@sample.example"));
  running.control("PUT", "/control/whmcs/switches", {{"shapes", "chaos"}});
  running.control("PUT", "/control/clock", {{"offset_s", 5}});
  running.control("POST", "/control/faults", {{"vendor", "whmcs"}, {"kind", "down"}});
  running.box().mailbox().add("a@b.example", {"c@d.example"}, "Subject: x\r\n\r\n");
  const auto state = send("POST", running.url("/control/reset")).json();
  CHECK(state.at("clock_offset_ms") == 0);
  CHECK(state.at("faults").as_array().empty());
  CHECK(state.at("mail").at("kept") == 0);
  CHECK(state.at("whmcs").at("clients") == 11);
  CHECK(running.ask("GetClients").at("totalresults") == 11);
}

TEST_CASE("misspelt switches and wrong types are refused and change nothing") {
  const Running running;
  const auto before = running.get("/control/whmcs/switches").body;
  for (const auto* body :
       {"{\"shape\":\"chaos\"}", "{\"shapes\":\"odd\"}", "{\"sequential_numbers\":\"yes\"}",
        "{\"version\":\"9.0.1\",\"numbers\":\"odd\"}", "[]"}) {
    INFO(body);
    CHECK(send("PUT", running.url("/control/whmcs/switches"), body).status == 400);
  }
  CHECK(running.get("/control/whmcs/switches").body == before);
  CHECK(running.get("/control/none").status == 404);
  CHECK(send("PATCH", running.url("/control/clock")).status == 405);
}

TEST_CASE("the page shows clients, mail and switches") {
  Running running;
  running.box().mailbox().add("a@b.example", {"c@d.example"}, "Subject: <b>hello\r\n\r\n");
  const Reply page = running.get("/");
  CHECK(page.status == 200);
  for (const auto* text : {"hanako@mihon.example", "O&#039;Brien &amp; Söhne &lt;Sample&gt;",
                           "&lt;b&gt;hello", "new_client_invoices", "/control/faults"}) {
    INFO(text);
    CHECK(page.body.find(text) != std::string::npos);
  }
}

TEST_CASE("options are read in both forms and misspelt ones refused") {
  const auto options = read_options({"--port", "0", "--utc-offset=-05:30", "--new-client-invoices", "none"});
  CHECK(options.port == 0);
  CHECK(options.utc_offset_minutes == -330);
  CHECK(options.new_client_invoices == "none");
  CHECK_THROWS_WITH(read_options({"--prot", "0"}), Catch::Contains("--prot"));
  CHECK_THROWS_WITH(read_options({"--port"}), Catch::Contains("needs a value"));
  CHECK_THROWS_WITH(read_options({"--port", "70000"}), Catch::Contains("whole number"));
  CHECK(help_text().find("--ready-file") != std::string::npos);
}

TEST_CASE("text that is no UTF-8 is repaired, and PHP's numbers are read as PHP reads them") {
  CHECK(well_formed("a\xC3\xBC\xE3\x81\x82\xF0\x9F\x98\x80") == "a\xC3\xBC\xE3\x81\x82\xF0\x9F\x98\x80");
  CHECK(well_formed("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(well_formed("\xED\xA0\x80").find('\xED') == std::string::npos);
  CHECK(php_int(" 12abc") == 12);
  CHECK(php_int("-7") == -7);
  CHECK(php_int("x") == 0);
}

}  // namespace sandbox::testing
