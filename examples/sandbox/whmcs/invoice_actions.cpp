// GetInvoices, GetInvoice, CreateInvoice, UpdateInvoice.
#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"
#include "examples/sandbox/whmcs/sample_invoices.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

bool is_overdue(const Invoice& invoice, int today) {
  return invoice.status == "Unpaid" && day_of(invoice.due_date, today) < today;
}

json::object row_of(const Call& call, const Invoice& invoice) {
  const auto found = call.books.clients.find(invoice.client);
  static const Client kNobody;
  const Client& client = found == call.books.clients.end() ? kNobody : found->second;
  const Currency& currency = call.books.currency_of(client);
  return {{"id", invoice.id},
          {"userid", invoice.client},
          {"firstname", client.first_name},
          {"lastname", client.last_name},
          {"companyname", client.company},
          {"invoicenum", invoice.number},
          {"date", invoice.date},
          {"duedate", invoice.due_date},
          {"datepaid", invoice.paid_at},
          {"last_capture_attempt", invoice.capture_attempted_at},
          {"date_refunded", invoice.refunded_at},
          {"date_cancelled", invoice.cancelled_at},
          {"subtotal", cents_text(invoice.subtotal())},
          {"credit", cents_text(invoice.credit)},
          {"tax", cents_text(invoice.tax())},
          {"tax2", cents_text(invoice.tax2())},
          {"total", cents_text(invoice.total())},
          {"taxrate", rate_text(invoice.tax_rate)},
          {"taxrate2", rate_text(invoice.tax_rate2)},
          {"status", invoice.status},
          {"paymentmethod", invoice.gateway},
          {"paymethodid", nullptr},
          {"notes", invoice.notes},
          {"created_at", invoice.created_at},
          {"updated_at", invoice.updated_at},
          {"currencycode", currency.code},
          {"currencyprefix", currency.prefix},
          {"currencysuffix", currency.suffix}};
}

std::string date_param(const Call& call, std::string_view name, const std::string& otherwise) {
  const int day = day_of(call.raw(name), -1);
  return day < 0 ? otherwise : date_text(day);
}

/// Applies itemdescription[id], itemamount[id], itemtaxed[id]. errors: ActionError when one of the three is
/// missing.
void change_items(const Call& call, Invoice& invoice) {
  const auto* descriptions = call.form.find("itemdescription");
  const auto* amounts = call.form.find("itemamount");
  const auto* taxed = call.form.find("itemtaxed");
  if (descriptions == nullptr && amounts == nullptr && taxed == nullptr) return;
  const auto incomplete = [] {
    throw ActionError(
        "Missing Variables: itemdescription, itemamount and itemtaxed are required for each item being "
        "changed");
  };
  if (descriptions == nullptr || amounts == nullptr || taxed == nullptr) incomplete();
  for (const auto& [id, description] : descriptions->entries) {
    const auto* amount = amounts->find(id);
    const auto* flag = taxed->find(id);
    if (amount == nullptr || flag == nullptr) incomplete();
    for (auto& item : invoice.items) {
      if (item.id != php_int(id)) continue;  // a line of another invoice is silently left alone
      item.description = html_escape(description.text);
      item.amount = parse_cents(amount->text);
      item.taxed = !flag->text.empty() && flag->text != "0";
    }
  }
}

void add_items(const Call& call, Invoice& invoice) {
  const auto* descriptions = call.form.find("newitemdescription");
  if (descriptions == nullptr) return;
  for (const auto& [index, description] : descriptions->entries) {
    const auto of = [&call, &key = index](std::string_view name) {
      const auto* list = call.form.find(name);
      const auto* value = list == nullptr ? nullptr : list->find(key);
      return value == nullptr ? std::string_view{} : std::string_view(value->text);
    };
    const auto taxed = of("newitemtaxed");
    invoice.items.push_back({call.books.next_item_id(), "", 0, html_escape(description.text),
                             parse_cents(of("newitemamount")), !taxed.empty() && taxed != "0"});
  }
}

void delete_items(const Call& call, Invoice& invoice) {
  const auto* ids = call.form.find("deletelineids");
  if (ids == nullptr) return;
  for (const auto& [index, id] : ids->entries)
    std::erase_if(invoice.items,
                  [&, wanted = php_int(id.text)](const Item& item) { return item.id == wanted; });
}

}  // namespace

json::object get_invoices(Call& call) {
  const Id client = call.integer("userid");
  const std::string status = call.text("status");
  const bool overdue_only = equal_ignoring_case(status, "overdue");
  const int today = call.clock.today();
  std::vector<const Invoice*> found;
  for (const auto& [id, invoice] : call.books.invoices) {
    if (client != 0 && invoice.client != client) continue;
    if (overdue_only ? !is_overdue(invoice, today)
                     : !status.empty() && !equal_ignoring_case(invoice.status, status))
      continue;
    found.push_back(&invoice);
  }
  const std::string order = lower(call.raw("orderby"));
  const auto before = [&](const Invoice* a, const Invoice* b) {
    int sign = 0;
    if (order == "invoicenumber") sign = a->number.compare(b->number);
    if (order == "date") sign = a->date.compare(b->date);
    if (order == "duedate") sign = a->due_date.compare(b->due_date);
    if (order == "total") sign = a->total() < b->total() ? -1 : a->total() > b->total() ? 1 : 0;
    if (order == "status") sign = a->status.compare(b->status);
    return sign != 0 ? sign < 0 : a->id < b->id;
  };
  const bool descending = equal_ignoring_case(call.raw("order"), "desc");
  std::sort(found.begin(), found.end(),
            [&](const Invoice* a, const Invoice* b) { return descending ? before(b, a) : before(a, b); });
  json::object answer;
  const Page page = page_of(call, found.size(), answer);
  json::array list;
  for (std::size_t i = page.from; i < page.from + page.count; ++i) list.push_back(row_of(call, *found[i]));
  call.shapes.nested(answer, "invoices", "invoice", std::move(list));
  return answer;
}

json::object get_invoice(Call& call) {
  const Invoice* invoice = call.books.find_invoice(call.integer("invoiceid"));
  if (invoice == nullptr) throw ActionError("Invoice ID Not Found");
  json::object answer{{"invoiceid", invoice->id},
                      {"invoicenum", invoice->number},
                      {"userid", invoice->client},
                      {"date", invoice->date},
                      {"duedate", invoice->due_date},
                      {"datepaid", invoice->paid_at},
                      {"lastcaptureattempt", invoice->capture_attempted_at},
                      {"subtotal", cents_text(invoice->subtotal())},
                      {"credit", cents_text(invoice->credit)},
                      {"tax", cents_text(invoice->tax())},
                      {"tax2", cents_text(invoice->tax2())},
                      {"total", cents_text(invoice->total())},
                      {"balance", cents_text(call.books.balance(*invoice))},
                      {"taxrate", rate_text(invoice->tax_rate)},
                      {"taxrate2", rate_text(invoice->tax_rate2)},
                      {"status", invoice->status},
                      {"paymentmethod", invoice->gateway},
                      {"notes", invoice->notes},
                      {"ccgateway", invoice->gateway == "stripe"}};
  json::array items;
  for (const auto& item : invoice->items) {
    items.push_back(json::object{{"id", item.id},
                                 {"type", item.type},
                                 {"relid", item.related},
                                 {"description", item.description},
                                 {"amount", cents_text(item.amount)},
                                 {"taxed", item.taxed ? 1 : 0}});
  }
  call.shapes.nested(answer, "items", "item", std::move(items));
  json::array transactions;
  for (const auto* transaction : call.books.transactions_of(invoice->id))
    transactions.push_back(transaction_row(*transaction));
  if (transactions.empty() && call.switches.shapes == "documented") {
    answer["transactions"] = "";
  } else {
    call.shapes.nested(answer, "transactions", "transaction", std::move(transactions));
  }
  return answer;
}

json::object create_invoice(Call& call) {
  Client* client = call.books.find_client(call.integer("userid"));
  if (client == nullptr) throw ActionError("Client ID Not Found");
  const bool draft = call.flag("draft") || equal_ignoring_case(call.raw("status"), "draft");
  if (draft && call.flag("sendinvoice"))
    throw ActionError(
        "Cannot create and send a draft invoice in a single API request. Please create and send separately.");
  constexpr int kDaysToPay = 14;
  const std::string now = call.clock.local_now();
  Invoice invoice;
  invoice.client = client->id;
  invoice.status = draft ? "Draft" : canonical_status(call.raw("status")).value_or("Unpaid");
  invoice.gateway = call.has("paymentmethod") ? call.text("paymentmethod") : client->default_gateway;
  invoice.tax_rate = call.has("taxrate") ? parse_rate(call.raw("taxrate")) : tax_rate_for(*client);
  invoice.tax_rate2 = parse_rate(call.raw("taxrate2"));
  invoice.date = date_param(call, "date", date_text(call.clock.today()));
  invoice.due_date = date_param(call, "duedate", date_text(call.clock.today() + kDaysToPay));
  invoice.notes = call.text("notes");
  invoice.created_at = invoice.updated_at = now;
  std::map<Id, Item> lines;  // by number suffix
  constexpr std::string_view kDescription = "itemdescription";
  for (const auto& [name, value] : call.form.entries) {
    if (!name.starts_with(kDescription) || value.is_array) continue;
    const std::string suffix = name.substr(kDescription.size());
    lines[php_int(suffix)] = {0,
                              "",
                              0,
                              html_escape(value.text),
                              parse_cents(call.raw("itemamount" + suffix)),
                              call.flag("itemtaxed" + suffix)};
  }
  for (auto& [number, line] : lines) invoice.items.push_back(std::move(line));
  Invoice& added = call.books.add_invoice(std::move(invoice));
  if (call.switches.sequential_numbers)
    added.number = fmt::format("{}-{}", added.date.substr(0, 4), added.id);
  if (added.status != "Unpaid" && added.status != "Draft") call.books.set_status(added, added.status, now);
  if (call.flag("autoapplycredit") && added.status == "Unpaid")
    call.books.apply_credit(*client, added, added.total(), now);
  const json::object vars{{"source", "api"}, {"user", 1}, {"invoiceid", added.id}, {"status", added.status}};
  call.hooks.push_back({"InvoiceCreation", vars});
  if (call.flag("sendinvoice")) call.hooks.push_back({"InvoiceCreationPreEmail", vars});
  if (added.status != "Draft") call.hooks.push_back({"InvoiceCreated", vars});
  if (added.status == "Paid" && call.flag("autoapplycredit")) after_paid(call.surroundings(), added);
  call.changed = true;
  return {{"invoiceid", added.id}, {"status", added.status}};
}

json::object update_invoice(Call& call) {
  Invoice* invoice = call.books.find_invoice(call.integer("invoiceid"));
  if (invoice == nullptr) throw ActionError("Invoice ID Not Found");
  const auto status = canonical_status(call.raw("status"));
  if (!call.raw("status").empty() && !status)
    throw ActionError(fmt::format("Invalid status {}", call.raw("status")));
  const bool publish = call.flag("publish") || call.flag("publishandsendemail");
  if (publish && invoice->status != "Draft")
    throw ActionError("Invoice must be in Draft status to be published");
  const bool changes_content =
      std::any_of(call.form.entries.begin(), call.form.entries.end(), [](const auto& entry) {
        return entry.key.starts_with("item") || entry.key.starts_with("newitem") ||
               entry.key == "deletelineids" || entry.key.starts_with("taxrate") || entry.key == "date";
      });
  if (call.switches.version9() && invoice->status != "Draft" && changes_content)
    throw ActionError("Invoice cannot be modified once it has been published");
  Invoice next = *invoice;
  change_items(call, next);
  delete_items(call, next);
  add_items(call, next);
  if (call.has("paymentmethod")) next.gateway = call.text("paymentmethod");
  if (call.has("taxrate")) next.tax_rate = parse_rate(call.raw("taxrate"));
  if (call.has("taxrate2")) next.tax_rate2 = parse_rate(call.raw("taxrate2"));
  if (call.has("credit")) next.credit = parse_cents(call.raw("credit"));
  if (call.has("notes")) next.notes = call.text("notes");
  next.date = date_param(call, "date", next.date);
  next.due_date = date_param(call, "duedate", next.due_date);
  const std::string now = call.clock.local_now();
  next.updated_at = now;
  const bool new_gateway = next.gateway != invoice->gateway;
  *invoice = std::move(next);
  if (changes_content) call.hooks.push_back({"UpdateInvoiceTotal", {{"invoiceid", invoice->id}}});
  if (new_gateway)
    call.hooks.push_back(
        {"InvoiceChangeGateway", {{"invoiceid", invoice->id}, {"paymentmethod", invoice->gateway}}});
  if (publish) {
    call.books.set_status(*invoice, "Unpaid", now);
    const json::object vars{{"source", "api"}, {"user", 1}, {"invoiceid", invoice->id}, {"status", "Unpaid"}};
    if (call.flag("publishandsendemail")) call.hooks.push_back({"InvoiceCreationPreEmail", vars});
    call.hooks.push_back({"InvoiceCreated", vars});
  }
  if (status && *status != invoice->status) {
    change_status(call.surroundings(), *invoice, *status);
    if (*status == "Paid" && call.switches.paid_by_update == "pipeline")
      after_paid(call.surroundings(), *invoice);
  }
  if (call.has("datepaid")) invoice->paid_at = call.text("datepaid");
  call.changed = true;
  return {{"invoiceid", invoice->id}};
}

}  // namespace sandbox::whmcs
