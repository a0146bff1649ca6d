// Switches as JSON.
#include "examples/sandbox/whmcs/switches.hpp"

#include <algorithm>
#include <initializer_list>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/common/text.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

void take_texts(const json::object& from, std::string_view name, std::vector<std::string>& into) {
  const auto* found = from.if_contains(name);
  if (found == nullptr) return;
  if (!found->is_array()) throw BadRequest(fmt::format("{}: a list of texts expected", name));
  into.clear();
  for (const auto& element : found->get_array()) {
    if (!element.is_string()) throw BadRequest(fmt::format("{}: a list of texts expected", name));
    into.emplace_back(element.get_string());
  }
}

void expect_one_of(std::string_view name, const std::string& value,
                   std::initializer_list<std::string_view> known) {
  if (std::find(known.begin(), known.end(), value) == known.end())
    throw BadRequest(fmt::format("{}: one of {} expected", name, fmt::join(known, ", ")));
}

json::array texts(const std::vector<std::string>& values) {
  return json::array(values.begin(), values.end());
}

std::map<std::string, Credential> credentials_of(const json::value& value) {
  if (!value.is_object()) throw BadRequest("credentials: an object by identifier expected");
  std::map<std::string, Credential> out;
  for (const auto& member : value.get_object()) {
    if (!member.value().is_object()) throw BadRequest("credentials: an object per identifier expected");
    const auto& fields = member.value().get_object();
    expect_only(fields, {"secret", "actions", "admin_enabled", "api_access"});
    Credential credential;
    take(fields, "secret", credential.secret);
    take_texts(fields, "actions", credential.actions);
    take(fields, "admin_enabled", credential.admin_enabled);
    take(fields, "api_access", credential.api_access);
    for (auto& action : credential.actions) action = lower(action);
    out[std::string(member.key())] = std::move(credential);
  }
  return out;
}

}  // namespace

json::object Switches::to_json() const {
  json::object by_identifier;
  for (const auto& [identifier, credential] : credentials) {
    by_identifier[identifier] = json::object{{"secret", credential.secret},
                                             {"actions", texts(credential.actions)},
                                             {"admin_enabled", credential.admin_enabled},
                                             {"api_access", credential.api_access}};
  }
  return {{"shapes", shapes},
          {"numbers", numbers},
          {"escape_slash", escapes.slash},
          {"escape_non_ascii", escapes.non_ascii},
          {"escape_hex_quotes", escapes.hex_quotes},
          {"allowed_ips", texts(allowed_ips)},
          {"access_key", access_key},
          {"credentials", std::move(by_identifier)},
          {"legacy_admin", legacy_admin},
          {"legacy_password_md5", legacy_password_md5},
          {"version", version},
          {"new_client_invoices", new_client_invoices},
          {"unknown_action_status", unknown_action_status},
          {"sequential_numbers", sequential_numbers},
          {"reject_duplicate_transid", reject_duplicate_transid},
          {"validation_errors", validation_errors},
          {"blocked_email_domains", texts(blocked_email_domains)},
          {"sso_seconds", sso_seconds},
          {"strict_arrays", strict_arrays},
          {"bad_pid", bad_pid},
          {"hidden_products", hidden_products},
          {"no_invoice_id", no_invoice_id},
          {"accept_without_module", accept_without_module},
          {"upgrade_effect", upgrade_effect},
          {"paid_by_update", paid_by_update},
          {"module_failure", module_failure},
          {"module_repeat", module_repeat},
          {"service_edit_hook", service_edit_hook},
          {"local_cards", local_cards},
          {"hook_url", hooks.url},
          {"hook_secret", hooks.secret},
          {"hook_delivery", hooks.delivery},
          {"hook_timeout_ms", hooks.timeout_ms}};
}

void Switches::update(const json::object& changes) {
  expect_only(changes, {"shapes",
                        "numbers",
                        "escape_slash",
                        "escape_non_ascii",
                        "escape_hex_quotes",
                        "allowed_ips",
                        "access_key",
                        "credentials",
                        "legacy_admin",
                        "legacy_password_md5",
                        "version",
                        "new_client_invoices",
                        "unknown_action_status",
                        "sequential_numbers",
                        "reject_duplicate_transid",
                        "validation_errors",
                        "blocked_email_domains",
                        "sso_seconds",
                        "strict_arrays",
                        "bad_pid",
                        "hidden_products",
                        "no_invoice_id",
                        "accept_without_module",
                        "upgrade_effect",
                        "paid_by_update",
                        "module_failure",
                        "module_repeat",
                        "service_edit_hook",
                        "local_cards",
                        "hook_url",
                        "hook_secret",
                        "hook_delivery",
                        "hook_timeout_ms"});
  Switches next = *this;
  take(changes, "shapes", next.shapes);
  take(changes, "numbers", next.numbers);
  take(changes, "escape_slash", next.escapes.slash);
  take(changes, "escape_non_ascii", next.escapes.non_ascii);
  take(changes, "escape_hex_quotes", next.escapes.hex_quotes);
  take_texts(changes, "allowed_ips", next.allowed_ips);
  take(changes, "access_key", next.access_key);
  if (const auto* value = changes.if_contains("credentials")) next.credentials = credentials_of(*value);
  take(changes, "legacy_admin", next.legacy_admin);
  take(changes, "legacy_password_md5", next.legacy_password_md5);
  take(changes, "version", next.version);
  take(changes, "new_client_invoices", next.new_client_invoices);
  take(changes, "unknown_action_status", next.unknown_action_status);
  take(changes, "sequential_numbers", next.sequential_numbers);
  take(changes, "reject_duplicate_transid", next.reject_duplicate_transid);
  take(changes, "validation_errors", next.validation_errors);
  take_texts(changes, "blocked_email_domains", next.blocked_email_domains);
  take(changes, "sso_seconds", next.sso_seconds);
  take(changes, "strict_arrays", next.strict_arrays);
  take(changes, "bad_pid", next.bad_pid);
  take(changes, "hidden_products", next.hidden_products);
  take(changes, "no_invoice_id", next.no_invoice_id);
  take(changes, "accept_without_module", next.accept_without_module);
  take(changes, "upgrade_effect", next.upgrade_effect);
  take(changes, "paid_by_update", next.paid_by_update);
  take(changes, "module_failure", next.module_failure);
  take(changes, "module_repeat", next.module_repeat);
  take(changes, "service_edit_hook", next.service_edit_hook);
  take(changes, "local_cards", next.local_cards);
  take(changes, "hook_url", next.hooks.url);
  take(changes, "hook_secret", next.hooks.secret);
  take(changes, "hook_delivery", next.hooks.delivery);
  take(changes, "hook_timeout_ms", next.hooks.timeout_ms);
  expect_one_of("bad_pid", next.bad_pid, {"empty", "error"});
  expect_one_of("no_invoice_id", next.no_invoice_id, {"missing", "zero", "null"});
  expect_one_of("upgrade_effect", next.upgrade_effect, {"paid", "accepted"});
  expect_one_of("paid_by_update", next.paid_by_update, {"silent", "pipeline"});
  expect_one_of("module_repeat", next.module_repeat, {"accept", "refuse"});
  expect_one_of("hook_delivery", next.hooks.delivery, {"once", "drop", "duplicate", "reorder"});
  if (!next.hooks.url.empty()) {
    if (!next.hooks.url.starts_with("http://")) throw BadRequest("hook_url: an http address expected");
    try {
      signature_of({}, next.hooks.secret);
    } catch (const std::runtime_error& problem) {
      throw BadRequest(fmt::format("hook_secret: {}", problem.what()));
    }
  }
  expect_one_of("shapes", next.shapes,
                {"documented", "empty_string", "empty_array", "empty_object", "null", "missing",
                 "single_object", "numeric_keys", "chaos"});
  expect_one_of("numbers", next.numbers, {"documented", "strings", "numbers", "mixed"});
  expect_one_of("new_client_invoices", next.new_client_invoices, {"none", "every_state"});
  expect_one_of("validation_errors", next.validation_errors, {"first", "all"});
  if (next.unknown_action_status != 200 && next.unknown_action_status != 403)
    throw BadRequest("unknown_action_status: 200 or 403 expected");
  *this = std::move(next);
}

}  // namespace sandbox::whmcs
