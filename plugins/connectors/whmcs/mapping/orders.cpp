// Orders placed once, found by reference, brought into a state.
#include "mapping/orders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "client/php_serialize.hpp"
#include "mapping/customer_words.hpp"
#include "mapping/order_words.hpp"
#include "mapping/refusals.hpp"

namespace whmcs {

namespace {

using portico::Problem;
namespace contract = portico::billing;

constexpr std::int64_t kRows = 100;
constexpr int kMostPages = 50;  // of a customer's services read to find a reference: 5,000
constexpr std::size_t kMostItems = 20;
constexpr std::int64_t kMostPieces = 100;

Problem order_not_found(std::string detail) {
  return Problem(404, "billing.order_not_found", std::move(detail));
}

std::int64_t client_id(std::string_view id) {
  return to_id(id, Problem(404, "billing.customer_not_found", "no client id"));
}

std::int64_t item_id(std::string_view id, std::size_t item, std::string_view member) {
  return to_id(id, portico::invalid_field(fmt::format("/items/{}/{}", item, member), "invalid"));
}

}  // namespace

contract::ProductList Orders::products(const contract::ProductQuery& query) {
  Form form;
  const auto number = [](const std::optional<std::string>& id, const char* field) {
    return to_id(*id, portico::invalid_field(field, "invalid"));
  };
  if (query.product_id) form.set("pid", number(query.product_id, "/product_id"));
  if (query.group_id) form.set("gid", number(query.group_id, "/group_id"));
  contract::ProductList out;
  out.as_of = desk_.as_of();
  try {
    desk_.api.ask("GetProducts", form, Kind::read, [&](const Fields& reply) {
      for (const auto& row : reply.list("products", "product"))
        if (auto product = product_from(row, query.currency, reference_field_))
          out.items.push_back(std::move(*product));
      return true;
    });
  } catch (const Refusal& refusal) {
    // Some installations refuse an id that is not there, others answer with nothing.
    if (!query.product_id) throw problem_of(refusal);
  }
  return out;
}

std::optional<Orders::Placed> Orders::find_placed(std::int64_t client, const std::string& reference) {
  std::int64_t from = 0;
  for (int page = 0; page < kMostPages; ++page) {
    Form form;
    form.set("clientid", client).set("limitstart", from).set("limitnum", kRows);
    std::optional<Placed> found;
    const bool more = desk_.api.ask("GetClientsProducts", form, Kind::read, [&](const Fields& reply) {
      const auto rows = reply.list("products", "product");
      for (const auto& row : rows) {
        if (row.integer("clientid") != client) throw BadReply("products has a row of another client");
        for (const auto& field : row.list("customfields", "customfield"))
          if (field.text("name") == reference_field_ && field.text("value") == reference)
            found = Placed{std::to_string(row.integer("orderid"))};
      }
      from += static_cast<std::int64_t>(rows.size());
      return !rows.empty() && from < reply.integer_if("totalresults").value_or(0);
    });
    if (found || !more) return found;
  }
  throw Problem(502, "upstream.refused", "more services than are read to find a reference");
}

Form Orders::add_order_form(const contract::NewOrder& order, std::int64_t client) {
  if (order.items.empty() || order.items.size() > kMostItems)
    throw portico::invalid_field("/items", "out_of_range");
  Form form;
  form.set("clientid", client).set("paymentmethod", order.gateway);
  for (std::size_t i = 0; i < order.items.size(); ++i) {
    const auto& item = order.items[i];
    const auto product = item_id(item.product_id, i, "product_id");
    if (item.quantity < 1 || item.quantity > kMostPieces)
      throw portico::invalid_field(fmt::format("/items/{}/quantity", i), "out_of_range");
    const auto reference_id =
        desk_.api.ask("GetProducts", Form().set("pid", product), Kind::read, [&](const Fields& reply) {
          for (const auto& row : reply.list("products", "product"))
            if (row.integer("pid") == product) return field_named(row, reference_field_);
          return std::optional<std::int64_t>();
        });
    if (!reference_id)
      throw Problem(422, "billing.product_not_orderable",
                    fmt::format("product {} is not there, or has no custom field '{}' on its order form",
                                product, reference_field_));
    SerializedMap fields{{*reference_id, order.reference}};
    for (const auto& field : item.fields)
      fields.emplace_back(item_id(field.field_id, i, "fields"), field.value);
    SerializedMap options;
    for (const auto& option : item.options)
      options.emplace_back(item_id(option.option_id, i, "options"),
                           option.value == "0" ? 0 : item_id(option.value, i, "options"));
    // Lists belong together by index.
    form.set(fmt::format("pid[{}]", i), product);
    form.set(fmt::format("billingcycle[{}]", i), cycle_param(item.cycle));
    form.set(fmt::format("qty[{}]", i), item.quantity);
    form.set(fmt::format("customfields[{}]", i), serialized_parameter(fields));
    if (!options.empty()) form.set(fmt::format("configoptions[{}]", i), serialized_parameter(options));
  }
  form.set_if("promocode", order.promo_code);
  form.flag("noemail", !order.send_mail).flag("noinvoiceemail", !order.send_mail);
  return form;
}

contract::Order Orders::place(const contract::NewOrder& order) {
  check_reference(order.reference);
  const auto client = client_id(order.customer_id);
  return in_our_words([&] {
    // The look comes before everything: what is sold may have changed since the earlier try.
    auto placed = find_placed(client, order.reference);
    if (!placed) {
      const auto form = add_order_form(order, client);
      const auto look = [&, looked = true]() mutable {
        return std::exchange(looked, false) ? std::nullopt : find_placed(client, order.reference);
      };
      placed = act_once("AddOrder", look, [&] {
        return desk_.api.ask("AddOrder", form, Kind::write, [](const Fields& reply) {
          return Placed{std::to_string(reply.integer("orderid"))};
        });
      });
    }
    return get({order.customer_id, placed->order_id});
  });
}

contract::Order Orders::get(const contract::OrderRef& ref) {
  const auto id = to_id(ref.order_id, order_not_found("no order id"));
  const auto client = to_id(ref.customer_id, order_not_found("no client id"));
  return in_our_words([&] {
    const auto currency = desk_.currency(ref.customer_id);
    Form form;
    form.set("id", id).set("userid", client);
    return desk_.api.ask("GetOrders", form, Kind::read, [&](const Fields& reply) -> contract::Order {
      for (const auto& row : reply.list("orders", "order"))
        if (row.integer("id") == id && row.integer("userid") == client)
          return order_from(row, currency, desk_.as_of());
      throw order_not_found("no such order of this client");
    });
  });
}

contract::OrderList Orders::list(const contract::OrderQuery& query) {
  const auto client = client_id(query.customer_id);
  check_page(query.page, query.page_size);
  contract::OrderList out;
  out.page = query.page, out.page_size = query.page_size;
  out.as_of = desk_.as_of();
  return in_our_words([&] {
    const auto currency = desk_.currency(query.customer_id);
    Form form;
    form.set("userid", client);
    form.set("limitstart", (query.page - 1) * query.page_size).set("limitnum", query.page_size);
    desk_.api.ask("GetOrders", form, Kind::read, [&](const Fields& reply) {
      out.total = reply.integer("totalresults");
      for (const auto& row : reply.list("orders", "order")) {
        if (row.integer("userid") != client) throw BadReply("orders has a row of another client");
        out.items.push_back(order_from(row, currency, out.as_of));
      }
      return true;
    });
    return out;
  });
}

contract::Order Orders::bring(const contract::OrderRef& ref, const char* action,
                              contract::OrderStatus wanted) {
  const auto look = [&]() -> std::optional<contract::Order> {
    auto order = get(ref);
    if (order.status == wanted) return order;
    if (order.status != contract::OrderStatus::pending)
      throw Problem(409, "billing.order_state",
                    fmt::format("order {} is neither pending nor done", ref.order_id));
    return std::nullopt;
  };
  return act_once(action, look, [&] {
    try {
      desk_.api.ask(action, Form().set("orderid", ref.order_id), Kind::write,
                    [](const Fields&) { return true; });
    } catch (const Refusal& refusal) {
      // Somebody was faster, or the module said no.
      if (auto order = look()) return std::move(*order);
      const auto known = problem_of(refusal);
      if (known.code != "upstream.refused") throw known;
      throw Problem(422, "billing.provisioning_failed", known.detail);
    }
    return get(ref);
  });
}

contract::Order Orders::accept(const contract::OrderRef& ref) {
  return bring(ref, "AcceptOrder", contract::OrderStatus::active);
}

contract::Order Orders::cancel(const contract::OrderRef& ref) {
  return bring(ref, "CancelOrder", contract::OrderStatus::cancelled);
}

}  // namespace whmcs
