// The order matters: look, decide, then write and finish in one transaction.
#include "use_cases/credit.hpp"

#include "domain/points.hpp"
#include "store/credits.hpp"

namespace loyalty {

namespace {

constexpr std::chrono::hours kPatience{7 * 24};  // who has not paid by then gets no points

portico::billing::Invoice invoice_of(portico::Host& host, const portico::billing::PaymentStarted& payment) {
  try {
    return host.call(portico::billing::get_invoice, {payment.customer_id, payment.invoice_id});
  } catch (const portico::Problem& problem) {
    if (problem.status == 404) throw portico::Permanent(404, "loyalty.invoice_gone", problem.code);
    throw;  // an upstream that is down comes again
  }
}

}  // namespace

void credit(portico::Host& host, const portico::billing::PaymentStarted& payment, const portico::Job& job,
            std::int64_t percent) {
  const auto invoice = invoice_of(host, payment);
  const auto verdict = verdict_on(invoice.status);
  if (verdict == Verdict::wait && host.clock().now() < job.created_at() + kPatience)
    throw portico::Problem(503, "loyalty.not_paid_yet", "invoice " + payment.invoice_id);
  host.database().as_user(payment.user_id, [&](portico::Transaction& tx) {
    if (verdict == Verdict::credit)
      add_credit(tx, payment.user_id, payment.invoice_id, points_for(invoice.total, percent));
    job.complete(tx);
  });
}

}  // namespace loyalty
