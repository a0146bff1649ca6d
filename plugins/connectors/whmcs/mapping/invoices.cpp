// Lists with honest totals, invoices checked for their owner, sign-on links checked for their site.
#include "mapping/invoices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mapping/customer_words.hpp"
#include "mapping/invoice_words.hpp"
#include "mapping/refusals.hpp"

namespace whmcs {

namespace {

using portico::Problem;
namespace contract = portico::billing;

constexpr std::int64_t kChunk = 100;
constexpr std::int64_t kMostRows = 5000;   // read at most to build one page; 50 calls
constexpr std::int64_t kLinkSeconds = 60;  // source: WHMCS single sign-on guide

Problem invoice_not_found(std::string detail) {
  return Problem(404, "billing.invoice_not_found", std::move(detail));
}

/// The vendor status whose rows a list with this filter must not show; nothing when the vendor's filter is
/// exact.
std::optional<InvoiceStatus> hidden_by(const std::optional<InvoiceStatus>& filter) {
  if (!filter) return InvoiceStatus::draft;
  if (*filter == InvoiceStatus::unpaid) return InvoiceStatus::overdue;
  return std::nullopt;
}

}  // namespace

Invoices::Page Invoices::fetch(std::int64_t client, std::optional<InvoiceStatus> status, std::int64_t from,
                               std::int64_t count, const std::string& today) {
  Form form;
  form.set("userid", client).set("limitstart", from).set("limitnum", count);
  form.set("orderby", "id").set("order", "desc");
  if (status) form.set("status", filter_word(*status));
  Page page;
  std::optional<std::string> currency;
  desk_.api.ask("GetInvoices", form, Kind::read, [&](const Fields& reply) {
    const auto rows = reply.list("invoices", "invoice");
    page.returned = static_cast<std::int64_t>(rows.size());
    page.total = reply.integer_if("totalresults").value_or(from + page.returned);
    for (const auto& row : rows) {
      // WHMCS ignores a filter it does not understand; then every customer's rows come.
      if (row.integer("userid") != client) throw BadReply("invoices has a row of another client");
      if (status_from(row, today) == InvoiceStatus::draft) continue;
      if (row.text("currencycode").empty() && !currency) currency = desk_.currency(std::to_string(client));
      page.rows.push_back(summary_from(row, today, currency.value_or("")));
      if (status == InvoiceStatus::overdue) page.rows.back().status = InvoiceStatus::overdue;
    }
    return true;
  });
  if (status == InvoiceStatus::unpaid)
    std::erase_if(page.rows, [](const auto& row) { return row.status == InvoiceStatus::overdue; });
  return page;
}

contract::InvoiceList Invoices::list(const contract::InvoiceQuery& query) {
  const auto client = to_id(query.customer_id, Problem(404, "billing.customer_not_found", "no client id"));
  if (query.page < 1 || query.page_size < 1 || query.page_size > 100 || query.page > 10'000)
    throw portico::invalid_field("/page", "out_of_range");
  contract::InvoiceList out;
  out.page = query.page, out.page_size = query.page_size;
  const auto now = desk_.now();
  out.as_of = rfc3339(now);
  if (query.status == InvoiceStatus::draft) return out;  // never listed
  const auto today = desk_.zone.date_at(now);
  const auto from = (query.page - 1) * query.page_size;

  return in_our_words([&]() -> contract::InvoiceList {
    auto page = fetch(client, query.status, from, query.page_size, today);
    out.total = page.total;
    out.items = std::move(page.rows);
    const auto hidden = hidden_by(query.status);
    if (!hidden || page.total == 0) return out;
    if (from == 0 && page.returned >= page.total) {  // the whole list is here
      out.total = static_cast<std::int64_t>(out.items.size());
      return out;
    }
    const auto count = fetch(client, hidden, 0, 1, today).total;
    if (count == 0) return out;
    // Hidden rows lie between the others: an offset of the vendor is none of ours. Build the page from the
    // start.
    out.total = std::max<std::int64_t>(0, page.total - count);
    std::vector<contract::InvoiceSummary> shown;
    for (std::int64_t at = 0; at < std::min(page.total, kMostRows); at += kChunk) {
      auto chunk = fetch(client, query.status, at, kChunk, today);
      std::move(chunk.rows.begin(), chunk.rows.end(), std::back_inserter(shown));
      const bool full = static_cast<std::int64_t>(shown.size()) >= from + query.page_size;
      if (full || chunk.returned < kChunk) break;
    }
    out.items.clear();
    for (auto i = from;
         i < std::min<std::int64_t>(from + query.page_size, static_cast<std::int64_t>(shown.size())); ++i)
      out.items.push_back(std::move(shown[static_cast<std::size_t>(i)]));
    return out;
  });
}

contract::Invoice Invoices::get(const contract::InvoiceRef& ref) {
  const auto id = to_id(ref.invoice_id, invoice_not_found("no invoice id"));
  const auto client = to_id(ref.customer_id, invoice_not_found("no client id"));
  const auto now = desk_.now();
  const auto today = desk_.zone.date_at(now);
  return in_our_words([&] {
    return desk_.api.ask("GetInvoice", Form().set("invoiceid", id), Kind::read, [&](const Fields& reply) {
      if (reply.integer("invoiceid") != id) throw BadReply("invoiceid is another one than asked for");
      if (reply.integer("userid") != client) throw invoice_not_found("the invoice is another client's");
      if (status_from(reply, today) == InvoiceStatus::draft)
        throw invoice_not_found("the invoice is a draft");
      return invoice_from(reply, today, desk_.currency(ref.customer_id), rfc3339(now));
    });
  });
}

contract::PaymentLink Invoices::link(const contract::InvoiceRef& ref) {
  const auto id = to_id(ref.invoice_id, invoice_not_found("no invoice id"));
  const auto client = to_id(ref.customer_id, invoice_not_found("no client id"));
  Form form;
  form.set("client_id", client).set("destination", "sso:custom_redirect");
  form.set("sso_redirect_path", fmt::format("viewinvoice.php?id={}", id));
  return in_our_words([&] {
    return desk_.api.ask("CreateSsoToken", form, Kind::write, [&](const Fields& reply) {
      auto url = reply.text("redirect_url");
      const auto origin = origin_of(url);
      if (!origin || *origin != public_origin_)
        throw BadReply(fmt::format("redirect_url leads to another place than {}", public_origin_));
      return contract::PaymentLink{std::move(url), site_of(*origin), kLinkSeconds};
    });
  });
}

}  // namespace whmcs
