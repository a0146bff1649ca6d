// CreateInvoice made repeatable, and cancelling.
#include "mapping/invoice_writes.hpp"

#include <fmt/format.h>

#include "mapping/customer_words.hpp"
#include "mapping/refusals.hpp"

namespace whmcs {

namespace {

using portico::Problem;
using portico::billing::InvoiceStatus;
namespace contract = portico::billing;

constexpr std::int64_t kRows = 100;
constexpr int kPages = 5;
constexpr std::size_t kMostLines = 50;

}  // namespace

std::optional<contract::Invoice> InvoiceWrites::find_marked(std::int64_t client, const std::string& mark) {
  std::int64_t from = 0;
  for (int page = 0; page < kPages; ++page) {
    Form form;
    form.set("userid", client).set("limitstart", from).set("limitnum", kRows);
    form.set("orderby", "id").set("order", "desc");
    std::optional<std::int64_t> found;
    const bool more = desk_.api.ask("GetInvoices", form, Kind::read, [&](const Fields& reply) {
      const auto rows = reply.list("invoices", "invoice");
      for (const auto& row : rows) {
        if (row.integer("userid") != client) throw BadReply("invoices has a row of another client");
        if (holds_mark(row.text("notes"), mark)) found = row.integer("id");
      }
      from += static_cast<std::int64_t>(rows.size());
      return !rows.empty() && from < reply.integer_if("totalresults").value_or(0);
    });
    if (found) return invoices_.get({std::to_string(client), std::to_string(*found)});
    if (!more) break;
  }
  return std::nullopt;
}

contract::Invoice InvoiceWrites::create(const contract::NewInvoice& invoice) {
  check_reference(invoice.reference);
  const auto client = to_id(invoice.customer_id, Problem(404, "billing.customer_not_found", "no client id"));
  if (invoice.lines.empty() || invoice.lines.size() > kMostLines)
    throw portico::invalid_field("/lines", "out_of_range");
  const auto mark = mark_of(invoice.reference);
  return in_our_words([&] {
    const auto currency = desk_.currency(invoice.customer_id);
    Form form;
    form.set("userid", client).set("status", "Unpaid").set("notes", mark);
    form.set_if("duedate", invoice.due_on).set_if("paymentmethod", invoice.gateway);
    form.flag("sendinvoice", invoice.send_mail);
    for (std::size_t i = 0; i < invoice.lines.size(); ++i) {
      const auto& line = invoice.lines[i];
      if (line.amount.currency != currency)
        throw portico::invalid_field(fmt::format("/lines/{}/amount/currency", i), "invalid");
      form.set(fmt::format("itemdescription{}", i + 1), line.description);
      form.set(fmt::format("itemamount{}", i + 1), amount_text(line.amount.amount_minor, currency));
      form.flag(fmt::format("itemtaxed{}", i + 1), line.taxed);
    }
    return act_once(
        "CreateInvoice", [&] { return find_marked(client, mark); },
        [&] {
          const auto id = desk_.api.ask("CreateInvoice", form, Kind::write,
                                        [](const Fields& reply) { return reply.integer("invoiceid"); });
          return invoices_.get({invoice.customer_id, std::to_string(id)});
        });
  });
}

contract::Invoice InvoiceWrites::cancel(const contract::InvoiceRef& ref) {
  Form form;
  form.set("invoiceid", ref.invoice_id).set("status", "Cancelled");
  const auto look = [&]() -> std::optional<contract::Invoice> {
    auto now = invoices_.get(ref);
    if (now.status == InvoiceStatus::cancelled) return now;
    if (now.status != InvoiceStatus::unpaid && now.status != InvoiceStatus::overdue)
      throw Problem(409, "billing.invoice_state", "only an unpaid invoice can be taken back");
    return std::nullopt;
  };
  return in_our_words([&] {
    return act_once("UpdateInvoice", look, [&] {
      desk_.api.ask("UpdateInvoice", form, Kind::write, [](const Fields&) { return true; });
      return invoices_.get(ref);
    });
  });
}

}  // namespace whmcs
