// GetProducts: the catalogue with prices, fields and options.
#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/whmcs/action.hpp"
#include "examples/sandbox/whmcs/catalogue.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

json::object pricing_of(const Call& call, const std::array<PriceList, 3>& prices, bool with_words) {
  json::object out;
  for (const auto& [id, currency] : call.books.currencies) {
    const PriceList& list = prices[static_cast<std::size_t>(id - 1)];
    json::object row;
    if (with_words) row = {{"prefix", currency.prefix}, {"suffix", currency.suffix}};
    for (std::size_t i = 0; i < kTerms.size(); ++i)
      row[fmt::format("{}setupfee", kTerms[i].setup_letter)] = cents_text(list.setup[i]);
    for (std::size_t i = 0; i < kTerms.size(); ++i) row[kTerms[i].param] = cents_text(list.price[i]);
    out[currency.code] = std::move(row);
  }
  return out;
}

json::object row_of(Call& call, const Product& product) {
  json::object row{
      {"pid", product.id},
      {"gid", product.group},
      {"type", product.type},
      {"name", product.name},
      {"slug", product.slug},
      {"product-url", fmt::format("{}/store/{}/{}", call.system_url, group_of(product).slug, product.slug)},
      {"description", product.description},
      {"module", product.module},
      {"paytype", product.pay_type},
      {"allowqty", product.allows_quantity ? 1 : 0},
      {"quantity_available", 0},
      {"pricing", pricing_of(call, product.prices, true)}};
  json::array fields;
  for (const auto& field : product.fields)
    if (field.on_order_form)
      fields.push_back(json::object{{"id", field.id},
                                    {"name", field.name},
                                    {"description", field.description},
                                    {"required", field.required ? "on" : ""}});
  call.shapes.nested(row, "customfields", "customfield", std::move(fields));
  json::array options;
  for (const auto& option : product.options) {
    json::object one{{"id", option.id},
                     {"name", option.name},
                     {"type", std::to_string(static_cast<int>(option.kind))},
                     {"minqty", option.least},
                     {"maxqty", option.most}};
    json::array choices;
    for (const auto& choice : option.choices)
      choices.push_back(json::object{{"id", choice.id},
                                     {"name", choice.name},
                                     {"rawName", choice.raw_name},
                                     {"recurring", 0},
                                     {"required", nullptr},
                                     {"pricing", pricing_of(call, choice.prices, false)}});
    call.shapes.nested(one, "options", "option", std::move(choices));
    options.push_back(std::move(one));
  }
  call.shapes.nested(row, "configoptions", "configoption", std::move(options));
  return row;
}

std::vector<Id> ids_in(std::string_view csv) {
  std::vector<Id> out;
  while (!csv.empty()) {
    const auto end = csv.find(',');
    out.push_back(php_int(csv.substr(0, end)));
    csv = end == std::string_view::npos ? std::string_view{} : csv.substr(end + 1);
  }
  return out;
}

}  // namespace

json::object get_products(Call& call) {
  const auto pids = ids_in(call.raw("pid"));
  json::array list;
  for (const auto& product : products()) {
    if (!pids.empty() && std::find(pids.begin(), pids.end(), product.id) == pids.end()) continue;
    if (call.has("gid") && call.integer("gid") != product.group) continue;
    if (call.has("module") && call.raw("module") != product.module) continue;
    if (product.hidden && !call.switches.hidden_products) continue;
    list.push_back(row_of(call, product));
  }
  if (list.empty() && !pids.empty() && call.switches.bad_pid == "error")
    throw ActionError("Product ID Not Found");
  json::object answer{{"totalresults", list.size()}};
  call.shapes.nested(answer, "products", "product", std::move(list));
  return answer;
}

}  // namespace sandbox::whmcs
