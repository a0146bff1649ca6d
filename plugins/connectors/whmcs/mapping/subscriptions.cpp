// Services: read, changed, provisioned, upgraded. Each write names a state, and looks whether it is there.
#include "mapping/subscriptions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/php_serialize.hpp"
#include "mapping/customer_words.hpp"
#include "mapping/order_words.hpp"
#include "mapping/refusals.hpp"

namespace whmcs {

namespace {

using portico::Problem;
using portico::billing::Command;
using portico::billing::SubscriptionStatus;
namespace contract = portico::billing;

Problem not_found(std::string detail) {
  return Problem(404, "billing.subscription_not_found", std::move(detail));
}

const char* action_of(Command command) {
  switch (command) {
    case Command::create:
      return "ModuleCreate";
    case Command::suspend:
      return "ModuleSuspend";
    case Command::resume:
      return "ModuleUnsuspend";
    case Command::terminate:
      return "ModuleTerminate";
    case Command::change_plan:
      return "ModuleChangePackage";
  }
  return "";
}

/// The state a command leads to; nothing for one that leaves the state alone.
std::optional<SubscriptionStatus> goal_of(Command command) {
  switch (command) {
    case Command::create:
    case Command::resume:
      return SubscriptionStatus::active;
    case Command::suspend:
      return SubscriptionStatus::suspended;
    case Command::terminate:
      return SubscriptionStatus::terminated;
    case Command::change_plan:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

contract::SubscriptionList Subscriptions::list(const contract::SubscriptionQuery& query) {
  const auto client = to_id(query.customer_id, Problem(404, "billing.customer_not_found", "no client id"));
  check_page(query.page, query.page_size);
  contract::SubscriptionList out;
  out.page = query.page, out.page_size = query.page_size;
  out.as_of = desk_.as_of();
  return in_our_words([&] {
    const auto currency = desk_.currency(query.customer_id);
    Form form;
    form.set("clientid", client);
    form.set("limitstart", (query.page - 1) * query.page_size).set("limitnum", query.page_size);
    desk_.api.ask("GetClientsProducts", form, Kind::read, [&](const Fields& reply) {
      out.total = reply.integer("totalresults");
      for (const auto& row : reply.list("products", "product")) {
        if (row.integer("clientid") != client) throw BadReply("products has a row of another client");
        out.items.push_back(subscription_from(row, currency, reference_field_));
      }
      return true;
    });
    return out;
  });
}

contract::Subscription Subscriptions::get(const contract::SubscriptionRef& ref) {
  const auto id = to_id(ref.subscription_id, not_found("no service id"));
  const auto client = to_id(ref.customer_id, not_found("no client id"));
  return in_our_words([&] {
    const auto currency = desk_.currency(ref.customer_id);
    Form form;
    form.set("clientid", client).set("serviceid", id);
    return desk_.api.ask("GetClientsProducts", form, Kind::read,
                         [&](const Fields& reply) -> contract::Subscription {
                           for (const auto& row : reply.list("products", "product"))
                             if (row.integer("id") == id && row.integer("clientid") == client)
                               return subscription_from(row, currency, reference_field_);
                           throw not_found("no such service of this client");
                         });
  });
}

contract::Subscription Subscriptions::change(const contract::SubscriptionChange& change) {
  const contract::SubscriptionRef ref{change.customer_id, change.subscription_id};
  Form form;
  form.set("serviceid", change.subscription_id);
  if (change.status) form.set("status", status_word(*change.status));
  form.set_if("nextduedate", change.next_due_on).set_if("paymentmethod", change.gateway);
  SerializedMap fields;
  for (const auto& field : change.fields)
    fields.emplace_back(to_id(field.field_id, portico::invalid_field("/fields", "invalid")), field.value);
  if (!fields.empty()) form.set("customfields", serialized_parameter(fields));
  const auto is_so = [&](const contract::Subscription& s) {
    const bool fields_fit = std::all_of(change.fields.begin(), change.fields.end(), [&](const auto& wanted) {
      return std::any_of(s.fields.begin(), s.fields.end(),
                         [&](const auto& f) { return f.id == wanted.field_id && f.value == wanted.value; });
    });
    return fields_fit && (!change.status || *change.status == s.status) &&
           (!change.next_due_on || change.next_due_on == s.next_due_on) &&
           (!change.gateway || *change.gateway == s.gateway);
  };
  return in_our_words([&] {
    return act_once(
        "UpdateClientProduct",
        [&]() -> std::optional<contract::Subscription> {
          auto now = get(ref);  // and whose it is: WHMCS does not ask
          return is_so(now) ? std::optional(std::move(now)) : std::nullopt;
        },
        [&] {
          desk_.api.ask("UpdateClientProduct", form, Kind::write, [](const Fields&) { return true; });
          return get(ref);
        });
  });
}

contract::Subscription Subscriptions::run(const contract::SubscriptionCommand& command) {
  const contract::SubscriptionRef ref{command.customer_id, command.subscription_id};
  const auto* action = action_of(command.command);
  const auto goal = goal_of(command.command);
  Form form;
  form.set("serviceid", command.subscription_id);
  if (command.command == Command::suspend) form.set_if("suspendreason", command.reason);
  const auto look = [&]() -> std::optional<contract::Subscription> {
    auto now = get(ref);
    return goal && now.status == *goal ? std::optional(std::move(now)) : std::nullopt;
  };
  return in_our_words([&] {
    return act_once(action, look, [&] {
      try {
        desk_.api.ask(action, form, Kind::write, [](const Fields&) { return true; });
      } catch (const Refusal& refusal) {
        const auto known = problem_of(refusal);
        if (known.code != "upstream.refused") throw known;
        if (auto done = look()) return std::move(*done);  // a module may refuse what is done already
        throw Problem(422, "billing.provisioning_failed", known.detail);
      }
      return get(ref);
    });
  });
}

contract::UpgradeResult Subscriptions::upgrade(const contract::Upgrade& upgrade) {
  const contract::SubscriptionRef ref{upgrade.customer_id, upgrade.subscription_id};
  const auto product = to_id(upgrade.product_id, portico::invalid_field("/product_id", "invalid"));
  Form form;
  form.set("serviceid", upgrade.subscription_id).set("type", "product").set("newproductid", product);
  form.set("newproductbillingcycle", cycle_param(upgrade.cycle)).set("paymentmethod", upgrade.gateway);
  const auto look = [&]() -> std::optional<contract::UpgradeResult> {
    const auto now = get(ref);
    if (now.product_id == upgrade.product_id && now.cycle == upgrade.cycle)
      return contract::UpgradeResult{contract::UpgradeState::done, std::nullopt, std::nullopt};
    Form price = form;
    price.set("calconly", 1);
    const bool waits = desk_.api.ask("UpgradeProduct", price, Kind::read,
                                     [](const Fields& reply) { return reply.flag("upgradeinprogress"); });
    if (!waits) return std::nullopt;
    return contract::UpgradeResult{contract::UpgradeState::waiting, std::nullopt, std::nullopt};
  };
  return in_our_words([&] {
    return act_once("UpgradeProduct", look, [&] {
      auto made = desk_.api.ask("UpgradeProduct", form, Kind::write, [](const Fields& reply) {
        contract::UpgradeResult out{
            contract::UpgradeState::waiting, std::to_string(reply.integer("orderid")), {}};
        if (const auto invoice = reply.integer_if("invoiceid"); invoice && *invoice > 0)
          out.invoice_id = std::to_string(*invoice);
        return out;
      });
      const auto now = get(ref);
      if (now.product_id == upgrade.product_id && now.cycle == upgrade.cycle)
        made.state = contract::UpgradeState::done;
      return made;
    });
  });
}

contract::SubscriptionRef Subscriptions::request_cancellation(const contract::Cancellation& cancellation) {
  const contract::SubscriptionRef ref{cancellation.customer_id, cancellation.subscription_id};
  get(ref);  // whose it is
  Form form;
  form.set("serviceid", cancellation.subscription_id);
  form.set("type", cancellation.at_once ? "Immediate" : "End of Billing Period");
  form.set("reason", cancellation.reason);
  const auto ask = [&] {
    try {
      desk_.api.ask("AddCancelRequest", form, Kind::write, [](const Fields&) { return true; });
    } catch (const Refusal& refusal) {
      // WHMCS keeps one request a service: a repeat is harmless, and there is no action that lists them.
      if (problem_of(refusal).code != "billing.cancellation_exists") throw;
    }
    return ref;
  };
  return in_our_words([&] {
    try {
      return ask();
    } catch (const Problem& problem) {
      if (!may_have_run(problem)) throw;
      throw outcome_unknown("AddCancelRequest", problem);
    }
  });
}

}  // namespace whmcs
