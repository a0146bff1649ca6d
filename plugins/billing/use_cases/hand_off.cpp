// The order matters: who, proof, ownership, state, claim, link.
#include "use_cases/hand_off.hpp"

#include <portico/problem.hpp>

namespace billing {

namespace {

using portico::Problem;

std::string customer_of(HandOffWorld& world, const std::string& user_id) {
  try {
    return world.customer_of(user_id);
  } catch (const Problem& problem) {
    if (problem.status == 404) throw Problem(404, "billing.invoice_not_found", problem.code);
    throw;
  }
}

}  // namespace

portico::billing::PaymentLink hand_off(HandOffWorld& world, const HandOff& request) {
  if (!is_invoice_id(request.invoice_id)) throw Problem(404, "billing.invoice_not_found", "no invoice id");
  if (needs_step_up(request.now, request.proved_at))
    throw Problem(403, "auth.step_up_required", "the proof is too old");
  const portico::billing::InvoiceRef ref{customer_of(world, request.user_id), request.invoice_id};
  const auto invoice = world.invoice(ref);
  if (!is_open_for(request.target, invoice.status))
    throw Problem(409, "billing.invoice_not_payable", "there is nothing to pay");

  const auto claim = world.claim(request.user_id, request.invoice_id);
  if (!claim.minted_at)
    throw Problem(429, "billing.link_just_made", "one link per invoice and minute", claim.wait_s);
  try {
    auto link = world.make_link(ref);
    if (request.target == Target::pay) world.announce({request.user_id, ref.customer_id, request.invoice_id});
    world.record(request.user_id, request.invoice_id, "ok", {});
    return link;
  } catch (const std::exception& failure) {
    const auto* problem = dynamic_cast<const Problem*>(&failure);
    const bool refused = problem && problem->status < 500;
    try {
      world.release(request.user_id, request.invoice_id, *claim.minted_at);
      world.record(request.user_id, request.invoice_id, refused ? "refused" : "failed",
                   problem ? problem->code : "internal");
    } catch (const std::exception&) {
      // What failed first is what the person must hear; an unreleased claim ends by itself within a minute.
    }
    throw;
  }
}

}  // namespace billing
