// Small readers of request parts.
#include "http/sso_link_request.hpp"

#include "http/contracts.hpp"

namespace billing {

namespace {

using portico::Problem;

bool is_type(std::string_view content_type, std::string_view wanted) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return std::equal(type.begin(), type.end(), wanted.begin(), wanted.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

Target target_in_form(std::string_view body) {
  std::optional<std::string_view> value;
  while (!body.empty()) {
    const auto end = body.find('&');
    const auto field = body.substr(0, end);
    body = end == std::string_view::npos ? std::string_view() : body.substr(end + 1);
    if (field.empty()) continue;
    const auto name = field.substr(0, field.find('='));
    if (name != "target")
      throw portico::invalid_field("/" + std::string(name.substr(0, 64)), "unknown_member");
    if (value) throw portico::invalid_field("/target", "given_twice");
    value = field.size() > name.size() ? field.substr(name.size() + 1) : std::string_view();
  }
  if (!value || *value == "view") return Target::view;
  if (*value == "pay") return Target::pay;
  throw portico::invalid_field("/target", "unknown_value");
}

}  // namespace

Target target_of(std::string_view content_type, std::string_view body) {
  if (body.empty()) return Target::view;
  if (is_type(content_type, "application/json"))
    return portico::decode_text<SsoLinkRequest>(body).target.value_or(Target::view);
  if (is_type(content_type, "application/x-www-form-urlencoded")) return target_in_form(body);
  throw Problem(415, "request.unsupported_media_type", "neither JSON nor a form");
}

portico::billing::InvoiceStatus status_filter(std::string_view name) {
  using portico::billing::InvoiceStatus;
  std::optional<InvoiceStatus> found;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<InvoiceStatus>>([&](auto d) {
    if (name == d.name && d.value != InvoiceStatus::draft) found = d.value;
  });
  if (!found) throw portico::invalid_field("?status", "unknown_value");
  return *found;
}

}  // namespace billing
