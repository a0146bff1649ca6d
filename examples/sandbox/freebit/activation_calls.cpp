// New lines: registration, semi-black cards, OTA cards and eSIM profiles, with numbers brought along.
#include <fmt/format.h>

#include "examples/sandbox/freebit/call.hpp"

namespace sandbox::freebit {

namespace json = boost::json;

namespace {

Line& new_line(Call& call, const std::string& account, std::string_view state) {
  auto* there = call.book.find(account);
  if (there != nullptr && there->state != "cancelled")
    throw Refused(&Codes::state, "the account exists already");
  auto& line = there ? *there : call.book.lines.emplace_back();
  line = Line{};
  line.account = account;
  line.state = state;
  line.start_date = eight_digits(call.today());
  line.imsi = "44010" + account.substr(account.size() - 10);
  line.iccid = fmt::format("89811500{:011}", ++call.book.last_id);
  return line;
}

/// The old carrier must have issued the number and hold the same person.
void check_porting(const Call& call) {
  for (const char* member : {"mnp.reserveNumber", "mnp.lastnameKanji", "mnp.lastnameZenKana", "mnp.gender"})
    if (call.text(member).empty()) throw Refused(&Codes::malformed, std::string(member) + " is missing");
  if (const auto& expires = call.text("mnp.reserveExpireDate");
      !expires.empty() && expires < eight_digits(call.today()))
    throw Refused(&Codes::unsupported, "the reservation has expired");
}

}  // namespace

json::object register_account(Call& call) {
  const auto& account = call.text("serviceAccounts[].account");
  const auto at = call.moment("startDate");
  auto& line = new_line(call, account, "waiting");
  line.plan = call.text("serviceAccounts[].planCode");
  line.product_number = call.text("serviceAccounts[].productNumber");
  if (call.has("serviceAccounts[].contractLine"))
    line.contract_line = call.text("serviceAccounts[].contractLine");
  Job job;
  job.call = call.id;
  job.kind = "register";
  job.account = account;
  job.start = at;
  job.due = at + call.switches.registration_minutes * 60'000;
  job.effect = json::object{{"state", "active"}};
  call.book.start(std::move(job));
  return {};
}

json::object register_card(Call& call) {
  const auto& product = call.text("productNumber");
  const bool ota = call.text("mnp.method") == "20";
  if (ota ? call.text("tempAccount").empty() : call.text("account").empty())
    throw Refused(&Codes::malformed, ota ? "tempAccount is missing" : "account is missing");
  if (call.has("mnp.reserveNumber")) check_porting(call);
  auto* card = call.book.find_card(product);
  if (card == nullptr) {
    call.book.cards.push_back({product, call.text("account"), "registered"});
  } else if (card->state == "used") {
    throw Refused(&Codes::state, "the card is in use");
  } else if (!card->account.empty() && card->state != "60") {
    throw Refused(&Codes::state, "the card is registered: set it to state 60 first");
  } else {
    *card = {product, call.text("account"), "registered"};
  }
  return {};
}

json::object activate_card(Call& call) {
  auto* card = call.book.find_card(call.text("productNumber"));
  if (card == nullptr || card->state != "registered")
    throw Refused(&Codes::state, "the card is not registered");
  if (!card->account.empty() && card->account != call.text("account"))
    throw Refused(&Codes::state, "the card is registered for another account");
  auto& line = new_line(call, call.text("account"), "active");
  line.plan = call.text("planCode");
  line.product_number = call.text("productNumber");
  if (call.has("contractLine")) line.contract_line = call.text("contractLine");
  card->account = line.account;
  card->state = "used";
  return {};
}

json::object change_card_state(Call& call) {
  auto* card = call.book.find_card(call.text("productNumber"));
  if (card == nullptr) throw Refused(&Codes::not_found, "no such card");
  if (card->state == "used") throw Refused(&Codes::state, "the card is in use");
  card->state = call.text("state");
  return {};
}

namespace {

json::object reissue(Call& call, const std::string& eid) {
  call.free_line("reissue");
  json::object effect{{"eid", eid},
                      {"product_number", ""},
                      {"size", "esim"},
                      {"iccid", fmt::format("89811500{:011}", ++call.book.last_id)}};
  call.start("reissue", call.now, call.switches.activation_minutes, std::move(effect), false,
             "esim_request_completion");
  return {};
}

}  // namespace

json::object activate_profile(Call& call) {
  const bool esim = call.id == "PA05-41";
  const auto& kind = call.text("addKind");
  const bool keyed = call.text("aladinOperated") == "10";
  // On an OTA card only the reissue goes another way; on an eSIM everything but a new line does.
  if (keyed && (kind == "R" || (esim && kind != "N")))
    throw Refused(&Codes::unsupported, "unsupported pattern");
  if (esim && call.text("simKind").empty()) throw Refused(&Codes::malformed, "simKind is missing");
  if (kind == "R") {
    if (call.text("reissue.oldEid").empty() && call.text("reissue.oldProductNumber").empty())
      throw Refused(&Codes::malformed, "reissue.oldEid or reissue.oldProductNumber is missing");
    return reissue(call, call.text("eid"));
  }
  if (kind == "M") check_porting(call);
  if (call.text("account").empty()) throw Refused(&Codes::malformed, "account is missing");
  auto& line = new_line(call, call.text("account"), "waiting");
  line.plan = call.text("planCode");
  line.eid = call.text("eid");
  line.product_number = call.text("productNumber");
  line.size = esim ? "esim" : "nano";
  if (call.has("contractLine")) line.contract_line = call.text("contractLine");
  call.start("activate", call.now, call.switches.activation_minutes, {{"state", "active"}}, false,
             esim ? "esim_request_completion" : "ota");
  return {};
}

json::object reissue_profile(Call& call) {
  return reissue(call, call.text("eid"));
}

}  // namespace sandbox::freebit
