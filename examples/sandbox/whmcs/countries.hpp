// Countries an address may name, with the calling codes the sample customers need.
#pragma once

#include <string>
#include <string_view>

namespace sandbox::whmcs {

/// True for an assigned two-letter code (upper case).
bool is_country(std::string_view code);
/// English name, or the code where the sandbox knows none.
std::string country_name(std::string_view code);
/// "81", or "" where the sandbox knows none.
std::string calling_code(std::string_view country);
/// Splits "+81.312345678" or "+81 3 1234 5678"; the country's code where the text has none.
void split_phone(std::string_view text, std::string_view country, std::string& code, std::string& number);

}  // namespace sandbox::whmcs
