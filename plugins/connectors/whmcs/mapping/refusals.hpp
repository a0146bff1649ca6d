// What WHMCS's error texts mean in our words.
#pragma once

#include <portico/problem.hpp>

#include "client/api.hpp"

namespace whmcs {

/// The problem for an action's refusal. Texts are matched by action and case-insensitive prefix; validation
/// texts of AddClient and UpdateClient wherever they stand, because several may come at once. returns   502
/// upstream.refused for a text that no row knows
portico::Problem problem_of(const Refusal& refusal);

/// AddClient's texts for an address that is in use.
bool is_duplicate_customer(const Refusal& refusal);

/// Runs fn; a refusal leaves as its problem.
template <class F>
auto in_our_words(F&& fn) {
  try {
    return fn();
  } catch (const Refusal& refusal) {
    throw problem_of(refusal);
  }
}

}  // namespace whmcs
