// The claims of payment links in the database: one per user, invoice and minute, on all replicas.
#pragma once

#include <portico/database.hpp>

#include "use_cases/hand_off.hpp"

namespace billing::store {

/// One atomic statement takes the claim or finds that it is taken. errors: 503 database.*
Claim claim_link(const portico::Database& database, const std::string& user_id,
                 const std::string& invoice_id);
/// Gives back exactly the claim that was taken.
void release_link(const portico::Database& database, const std::string& user_id,
                  const std::string& invoice_id, Moment minted_at);

}  // namespace billing::store
