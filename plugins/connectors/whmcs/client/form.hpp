// The request body: what PHP's http_build_query makes of the same parameters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace whmcs {

/// Parameters in the order they were set. Texts are UTF-8 and never HTML-escaped here: WHMCS does that
/// itself.
class Form {
 public:
  Form& set(std::string_view name, std::string_view value);
  Form& set(std::string_view name, std::int64_t value);
  /// Leaves an absent value out, as PHP does with null.
  Form& set_if(std::string_view name, const std::optional<std::string>& value);
  /// 1 when on; left out when off, because the text "false" is true to PHP.
  Form& flag(std::string_view name, bool on);
  /// pid[0]=12&pid[1]=14
  Form& list(std::string_view name, const std::vector<std::string>& values);
  /// itemamount[4711]=9.90
  Form& map(std::string_view name, const std::vector<std::pair<std::string, std::string>>& values);

  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
  /// The value last set under the name; null when there is none.
  const std::string* find(std::string_view name) const;
  std::string encode() const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// PHP's urlencode: letters, digits and "-_." stay, a space becomes "+".
std::string url_encode(std::string_view text);

}  // namespace whmcs
