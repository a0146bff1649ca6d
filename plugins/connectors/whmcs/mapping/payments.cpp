// Money that came in or was given, booked once.
#include "mapping/payments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/decimal.hpp"
#include "client/reply.hpp"
#include "mapping/customer_words.hpp"
#include "mapping/refusals.hpp"

namespace whmcs {

namespace {

using portico::Money;
using portico::Problem;
using portico::billing::InvoiceStatus;
namespace contract = portico::billing;

std::int64_t client_id(std::string_view id) {
  return to_id(id, Problem(404, "billing.customer_not_found", "no client id"));
}

/// "02/27" → "2027-02"; nothing for what is no such date.
std::optional<std::string> month_of(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != '/' || !digit(0) || !digit(1) || !digit(3) || !digit(4))
    return std::nullopt;
  return fmt::format("20{}-{}", text.substr(3), text.substr(0, 2));
}

contract::PaymentMethod method_from(const Fields& row) {
  contract::PaymentMethod out;
  out.id = std::to_string(row.integer("id"));
  const auto type = row.text("type");
  const bool card = contains(type, "CreditCard");
  if (!card && !contains(type, "BankAccount"))
    throw BadReply("paymethods has one of a kind that is not known");
  out.kind = card ? contract::PaymentMethodKind::card : contract::PaymentMethodKind::bank_account;
  out.description = row.text("description");
  out.gateway = row.text("gateway_name");
  out.brand = row.text_if("card_type");
  out.last_four = row.text_if("card_last_four");
  out.expires_on = month_of(row.text("expiry_date"));
  out.bank = row.text_if("bank_name");
  return out;
}

const contract::PaymentMethod* find_method(const contract::PaymentMethodList& list, const std::string& id) {
  const auto found =
      std::find_if(list.items.begin(), list.items.end(), [&](const auto& m) { return m.id == id; });
  return found == list.items.end() ? nullptr : &*found;
}

contract::Transaction transaction_from(const Fields& row, const std::string& currency) {
  contract::Transaction out;
  out.id = std::to_string(row.integer("id"));
  if (const auto invoice = row.integer_if("invoiceid"); invoice && *invoice > 0)
    out.invoice_id = std::to_string(*invoice);
  const auto date = row.date("date");
  if (!date) throw BadReply("transactions has a row without a date");
  out.booked_on = *date;
  out.gateway = row.text("gateway");
  out.description = row.text("description");
  out.amount = {row.money("amountin", currency) - row.money("amountout", currency), currency};
  out.fees = {row.money("fees", currency), currency};
  out.reference = row.text_if("transid");
  return out;
}

void expect_currency(const Money& money, const std::string& currency) {
  if (money.currency != currency) throw portico::invalid_field("/amount/currency", "invalid");
  if (money.amount_minor <= 0) throw portico::invalid_field("/amount/amount_minor", "out_of_range");
}

/// "2025-06-11T09:20:41Z" in seconds. errors: 422 request.invalid
std::int64_t seconds_of(std::string_view text) {
  const auto part = [&](std::size_t at, std::size_t length) {
    int value = 0;
    for (std::size_t i = at; i < at + length; ++i) {
      if (i >= text.size() || text[i] < '0' || text[i] > '9')
        throw portico::invalid_field("/paid_at", "invalid");
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(part(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(part(8, 2)))};
  const auto seconds = part(11, 2) * 3600 + part(14, 2) * 60 + part(17, 2);
  if (!day.ok() || !text.ends_with('Z') || text[10] != 'T')
    throw portico::invalid_field("/paid_at", "invalid");
  return std::chrono::sys_seconds(std::chrono::sys_days(day)).time_since_epoch().count() + seconds;
}

}  // namespace

contract::GatewayList Payments::gateways() {
  return in_our_words([&] {
    return desk_.api.ask("GetPaymentMethods", Form(), Kind::read, [](const Fields& reply) {
      contract::GatewayList out;
      for (const auto& row : reply.list("paymentmethods", "paymentmethod"))
        out.items.push_back({row.text("module"), row.text("displayname")});
      return out;
    });
  });
}

contract::PaymentMethodList Payments::methods(const contract::CustomerRef& ref) {
  const auto client = client_id(ref.customer_id);
  return in_our_words([&] {
    return desk_.api.ask("GetPayMethods", Form().set("clientid", client), Kind::read,
                         [](const Fields& reply) {
                           contract::PaymentMethodList out;
                           for (const auto& row : reply.list("paymethods"))
                             out.items.push_back(method_from(row));
                           if (!out.items.empty())
                             out.items.front().is_default = true;  // WHMCS has no flag: the first is it
                           return out;
                         });
  });
}

contract::PaymentMethodList Payments::remove_method(const contract::PaymentMethodRef& ref) {
  Form form;
  form.set("clientid", client_id(ref.customer_id)).set("paymethodid", ref.payment_method_id);
  const auto look = [&]() -> std::optional<contract::PaymentMethodList> {
    auto list = methods({ref.customer_id});
    return find_method(list, ref.payment_method_id) == nullptr ? std::optional(std::move(list))
                                                               : std::nullopt;
  };
  return in_our_words([&] {
    return act_once("DeletePayMethod", look, [&] {
      desk_.api.ask("DeletePayMethod", form, Kind::write, [](const Fields&) { return true; });
      return methods({ref.customer_id});
    });
  });
}

contract::PaymentMethodList Payments::set_default_method(const contract::PaymentMethodRef& ref) {
  Form form;
  form.set("clientid", client_id(ref.customer_id)).set("paymethodid", ref.payment_method_id);
  form.flag("set_as_default", true);
  const auto look = [&]() -> std::optional<contract::PaymentMethodList> {
    auto list = methods({ref.customer_id});
    const auto* found = find_method(list, ref.payment_method_id);
    if (found == nullptr)
      throw Problem(404, "billing.payment_method_not_found", "no such pay method of this client");
    return found->is_default ? std::optional(std::move(list)) : std::nullopt;
  };
  return in_our_words([&] {
    return act_once("UpdatePayMethod", look, [&] {
      desk_.api.ask("UpdatePayMethod", form, Kind::write, [](const Fields&) { return true; });
      return methods({ref.customer_id});
    });
  });
}

contract::TransactionList Payments::transactions(const contract::TransactionQuery& query) {
  const auto client = client_id(query.customer_id);
  Form form;
  form.set("clientid", client);
  if (query.invoice_id)
    form.set("invoiceid", to_id(*query.invoice_id, portico::invalid_field("/invoice_id", "invalid")));
  return in_our_words([&] {
    const auto currency = desk_.currency(query.customer_id);
    return desk_.api.ask("GetTransactions", form, Kind::read, [&](const Fields& reply) {
      contract::TransactionList out;
      out.as_of = desk_.as_of();
      for (const auto& row : reply.list("transactions", "transaction")) {
        if (row.integer("userid") != client) throw BadReply("transactions has a row of another client");
        out.items.push_back(transaction_from(row, currency));
      }
      return out;
    });
  });
}

contract::Invoice Payments::record(const contract::NewPayment& payment) {
  check_reference(payment.reference);
  const contract::InvoiceRef ref{payment.customer_id, payment.invoice_id};
  const auto at = seconds_of(payment.paid_at);
  return in_our_words([&] {
    const auto currency = desk_.currency(payment.customer_id);
    expect_currency(payment.amount, currency);
    const auto before = invoices_.get(ref);  // and whose it is: WHMCS does not ask
    const auto look = [&]() -> std::optional<contract::Invoice> {
      const bool booked = desk_.api.ask(
          "GetTransactions", Form().set("transid", payment.reference), Kind::read, [&](const Fields& reply) {
            for (const auto& row : reply.list("transactions", "transaction")) {
              if (row.text("transid") != payment.reference) continue;
              const auto found = transaction_from(row, currency);
              if (found.invoice_id != payment.invoice_id || !(found.amount == payment.amount))
                throw Problem(409, "billing.reference_used",
                              fmt::format("transaction {} has the reference", found.id));
              return true;
            }
            return false;
          });
      return booked ? std::optional(invoices_.get(ref)) : std::nullopt;
    };
    return act_once("AddInvoicePayment", look, [&] {
      if (before.status == InvoiceStatus::cancelled || before.status == InvoiceStatus::refunded)
        throw Problem(409, "billing.invoice_state", "the invoice is cancelled or refunded");
      const auto local = std::chrono::sys_seconds(std::chrono::seconds(at + desk_.zone.offset_at(at)));
      const auto stamp = rfc3339(local);  // "YYYY-MM-DDTHH:MM:SSZ" of the local time
      Form form;
      form.set("invoiceid", payment.invoice_id).set("transid", payment.reference);
      form.set("gateway", payment.gateway).set("date", stamp.substr(0, 10) + " " + stamp.substr(11, 8));
      form.set("amount", amount_text(payment.amount.amount_minor, currency));
      desk_.api.ask("AddInvoicePayment", form, Kind::write, [](const Fields&) { return true; });
      return invoices_.get(ref);
    });
  });
}

contract::Credit Payments::credit(const contract::CustomerRef& ref) {
  const auto client = client_id(ref.customer_id);
  return in_our_words([&] {
    const auto currency = desk_.currency(ref.customer_id);
    contract::Credit out;
    out.balance = desk_.api.ask("GetClientsDetails", Form().set("clientid", client), Kind::read,
                                [&](const Fields& reply) {
                                  const auto found = reply.object("client").value_or(reply);
                                  return Money{found.money("credit", currency), currency};
                                });
    desk_.api.ask("GetCredits", Form().set("clientid", client), Kind::read, [&](const Fields& reply) {
      for (const auto& row : reply.list("credits", "credit"))
        out.entries.push_back({std::to_string(row.integer("id")),
                               row.date("date").value_or(""),
                               row.text("description"),
                               {row.money("amount", currency), currency}});
      return true;
    });
    return out;
  });
}

contract::Credit Payments::add_credit(const contract::NewCredit& credit_to_add) {
  check_reference(credit_to_add.reference);
  const auto client = client_id(credit_to_add.customer_id);
  const auto mark = mark_of(credit_to_add.reference);
  return in_our_words([&] {
    const auto currency = desk_.currency(credit_to_add.customer_id);
    expect_currency(credit_to_add.amount, currency);
    const auto look = [&]() -> std::optional<contract::Credit> {
      auto now = credit({credit_to_add.customer_id});
      for (const auto& entry : now.entries) {
        if (!holds_mark(entry.description, mark)) continue;
        if (!(entry.amount == credit_to_add.amount))
          throw Problem(409, "billing.reference_used", fmt::format("credit {} has the reference", entry.id));
        return now;
      }
      return std::nullopt;
    };
    return act_once("AddCredit", look, [&] {
      Form form;
      form.set("clientid", client).set("amount", amount_text(credit_to_add.amount.amount_minor, currency));
      form.set("description", fmt::format("{} ({})", credit_to_add.description, mark));
      desk_.api.ask("AddCredit", form, Kind::write, [](const Fields&) { return true; });
      return credit({credit_to_add.customer_id});
    });
  });
}

contract::Invoice Payments::use_credit(const contract::CreditUse& use) {
  const contract::InvoiceRef ref{use.customer_id, use.invoice_id};
  return in_our_words([&] {
    expect_currency(use.applied, desk_.currency(use.customer_id));
    std::int64_t used = 0;
    const auto look = [&]() -> std::optional<contract::Invoice> {
      auto now = invoices_.get(ref);
      used = now.credit.amount_minor;
      return used >= use.applied.amount_minor ? std::optional(std::move(now)) : std::nullopt;
    };
    return act_once("ApplyCredit", look, [&] {
      Form form;
      form.set("invoiceid", use.invoice_id).flag("noemail", true);
      form.set("amount", amount_text(use.applied.amount_minor - used, use.applied.currency));
      desk_.api.ask("ApplyCredit", form, Kind::write, [](const Fields&) { return true; });
      return invoices_.get(ref);
    });
  });
}

}  // namespace whmcs
