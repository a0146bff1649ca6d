// The body of an upload: a record's fields and its bytes, in two parts (RFC 7578).
#pragma once

#include <string>
#include <string_view>

namespace salesforce {

struct Multipart {
  std::string content_type;
  std::string body;
};

/// json       the record's fields
/// blob       the field that takes the bytes: the second part bears its name
/// file_name  letters of any kind; what a header cannot hold becomes "_"
/// boundary   found nowhere in the bytes; 16 or more letters and digits
Multipart multipart_of(std::string_view json, std::string_view blob, std::string_view file_name,
                       std::string_view bytes, std::string_view boundary);

}  // namespace salesforce
