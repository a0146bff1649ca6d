// A form body read with PHP's rules: brackets nest, "[]" appends, a later value for the same name wins.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sandbox::whmcs {

/// One request variable: text, or an ordered map. Integer keys are kept as decimal text, as no other text
/// equals them.
struct FormValue {
  struct Entry;
  bool is_array = false;
  std::string text;
  std::vector<Entry> entries;
  std::int64_t next_index = 0;

  const FormValue* find(std::string_view key) const;
  /// The entry of this key, made if absent.
  FormValue& at_key(std::string_view key);
  /// A new entry under the next free integer key.
  FormValue& append();
  void become_array();
};

struct FormValue::Entry {
  std::string key;
  FormValue value;
};

struct FormLimits {
  std::size_t variables = 1000;  // later ones are dropped, as max_input_vars does
  std::size_t depth = 64;        // a deeper variable is dropped
};

/// The variables of `body` (application/x-www-form-urlencoded) as one array. Values are made well-formed
/// UTF-8.
FormValue parse_php_form(std::string_view body, const FormLimits& limits = {});

}  // namespace sandbox::whmcs
