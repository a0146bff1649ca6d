// The table of error texts, by action.
#include "mapping/refusals.hpp"

#include <fmt/format.h>

#include "client/reply.hpp"

namespace whmcs {

namespace json = boost::json;

namespace {

struct Row {
  std::string_view action, prefix;
  int status;
  const char* code;
};

constexpr Row kRows[] = {
    {"AddClient", "A user already exists with that email", 409, "billing.customer_exists"},
    {"AddClient", "The email address entered is not available", 409, "billing.customer_exists"},
    {"UpdateClient", "Client ID Not Found", 404, "billing.customer_not_found"},
    {"UpdateClient", "Duplicate Email Address", 409, "billing.customer_exists"},
    {"GetClientsDetails", "Client Not Found", 404, "billing.customer_not_found"},
    {"GetClientsDetails", "Client ID Not Found", 404, "billing.customer_not_found"},
    {"ValidateLogin", "Email or Password Invalid", 401, "billing.login_refused"},
    {"GetInvoice", "Invoice ID Not Found", 404, "billing.invoice_not_found"},
    {"CreateSsoToken", "SSO authentication blocked", 409, "billing.payment_link_blocked"},
    {"CreateSsoToken", "Invalid client_id", 404, "billing.customer_not_found"},
    {"AddOrder", "Client ID Not Found", 404, "billing.customer_not_found"},
    {"AddOrder", "Unable to add order when client status is Closed", 409, "billing.customer_closed"},
    {"AddOrder", "Invalid Payment Method", 422, "billing.gateway_unknown"},
    {"AddOrder", "No items added to cart", 422, "billing.product_not_orderable"},
    {"AcceptOrder", "Order ID not found or Status not Pending", 409, "billing.order_state"},
    {"CancelOrder", "Order ID not found or Status not Pending", 409, "billing.order_state"},
    {"UpdateClientProduct", "Service ID Not Found", 404, "billing.subscription_not_found"},
    {"UpgradeProduct", "Service ID Not Found", 404, "billing.subscription_not_found"},
    {"UpgradeProduct", "Invalid Payment Method", 422, "billing.gateway_unknown"},
    {"UpgradeProduct", "Unable to accept upgrade order", 422, "billing.upgrade_refused"},
    {"UpgradeProduct", "Invalid Upgrade Type", 422, "billing.upgrade_refused"},
    {"UpgradeProduct", "Invalid Billing Cycle", 422, "billing.upgrade_refused"},
    {"UpgradeProduct", "Invalid Product", 422, "billing.upgrade_refused"},
    {"AddCancelRequest", "Service ID Not Found", 404, "billing.subscription_not_found"},
    {"AddCancelRequest", "Existing Cancellation Request Exists", 409, "billing.cancellation_exists"},
    {"GetPayMethods", "Client Not Found", 404, "billing.customer_not_found"},
    {"GetPayMethods", "Invalid Client ID", 404, "billing.customer_not_found"},
    {"DeletePayMethod", "Pay Method does not belong", 404, "billing.payment_method_not_found"},
    {"DeletePayMethod", "Invalid Pay Method ID", 404, "billing.payment_method_not_found"},
    {"UpdatePayMethod", "Pay Method does not belong", 404, "billing.payment_method_not_found"},
    {"UpdatePayMethod", "Invalid Pay Method ID", 404, "billing.payment_method_not_found"},
    {"AddInvoicePayment", "Invoice ID Not Found", 404, "billing.invoice_not_found"},
    {"AddInvoicePayment", "It is not possible to add a payment", 409, "billing.invoice_state"},
    {"AddInvoicePayment", "Transaction ID must be Unique", 409, "billing.reference_used"},
    {"GetCredits", "Client ID Not Found", 404, "billing.customer_not_found"},
    {"AddCredit", "Client ID Not Found", 404, "billing.customer_not_found"},
    {"ApplyCredit", "Invoice Not in Unpaid Status", 409, "billing.invoice_state"},
    {"ApplyCredit", "Amount exceeds", 422, "billing.credit_refused"},
    {"ApplyCredit", "Credit Amount to apply", 422, "billing.credit_refused"},
    {"CreateInvoice", "Client ID Not Found", 404, "billing.customer_not_found"},
    {"UpdateInvoice", "Invoice ID Not Found", 404, "billing.invoice_not_found"},
};

struct FieldRow {
  std::string_view part, pointer, code;
};

constexpr FieldRow kFields[] = {
    {"you did not enter your first name", "/first_name", "required"},
    {"you did not enter your last name", "/last_name", "required"},
    {"you did not enter your email address", "/email", "required"},
    {"you did not enter your  address line 1", "/address/line1", "required"},  // two spaces are WHMCS's
    {"you did not enter your address line 1", "/address/line1", "required"},
    {"you did not enter your city", "/address/city", "required"},
    {"you did not enter your state", "/address/state", "required"},
    {"you did not enter your postcode", "/address/postcode", "required"},
    {"you did not enter your phone number", "/phone", "required"},
    {"invalid telephone phone number", "/phone", "invalid_phone"},
    {"the email address you entered was not valid", "/email", "invalid_email"},
    {"the email address entered is not valid", "/email", "invalid_email"},
    {"valid country required", "/address/country", "invalid_country"},
    {"you did not provide required custom field value", "", "custom_field_required"},
};

}  // namespace

bool is_duplicate_customer(const Refusal& refusal) {
  return refusal.action == "AddClient" && problem_of(refusal).code == "billing.customer_exists";
}

portico::Problem problem_of(const Refusal& refusal) {
  const auto detail = fmt::format("WHMCS {}: {}", refusal.action, refusal.message);
  // All Module* actions share these texts, in their own letter case.
  if (starts_with(refusal.action, "Module")) {
    if (starts_with(refusal.message, "Service ID not found"))
      return portico::Problem(404, "billing.subscription_not_found", detail);
    if (starts_with(refusal.message, "Service not assigned to a module") ||
        starts_with(refusal.message, "Module Not Found"))
      return portico::Problem(409, "billing.not_provisioned", detail);
  }
  for (const auto& row : kRows)
    if (row.action == refusal.action && starts_with(refusal.message, row.prefix))
      return portico::Problem(row.status, row.code, detail);
  if (refusal.action == "AddClient" || refusal.action == "UpdateClient") {
    json::array errors;
    for (const auto& row : kFields)
      if (contains(refusal.message, row.part))
        errors.push_back(json::object{{"pointer", json::string_view(row.pointer.data(), row.pointer.size())},
                                      {"code", json::string_view(row.code.data(), row.code.size())}});
    if (!errors.empty())
      return portico::Problem(422, "billing.refused", detail, 0, {{"errors", std::move(errors)}});
  }
  return portico::Problem(502, "upstream.refused", detail);
}

}  // namespace whmcs
