// Dates, times and numbers as Salesforce reads and prints them.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "examples/sandbox/common/clock.hpp"

namespace sandbox::salesforce {

/// "2024-05-06T07:08:09.000+0000"; texts of this form sort by time.
std::string datetime_text(TimePoint at);
/// ISO 8601 with Z, +00:00 or +0000, fraction optional; nothing if it is none.
std::optional<TimePoint> read_datetime(std::string_view text);
/// "2024-05-06" of a real day.
bool is_date(std::string_view text);

/// JSON as Salesforce writes it: doubles with a decimal part.
///
/// pretty  two blanks of indent and line ends
std::string write_json(const boost::json::value& value, bool pretty = false);

std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);
/// Standard or URL-safe alphabet, padding optional, blanks ignored; nothing if it is not base64.
std::optional<std::string> read_base64(std::string_view text);
/// Lower-case hex.
std::string md5_hex(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
/// A random UUID.
std::string make_uuid();
/// How many characters (code points) a UTF-8 text has.
std::size_t length_of(std::string_view utf8);

}  // namespace sandbox::salesforce
