// Parts and their heads.
#include "client/multipart.hpp"

#include <fmt/format.h>

namespace salesforce {

Multipart multipart_of(std::string_view json, std::string_view blob, std::string_view file_name,
                       std::string_view bytes, std::string_view boundary) {
  std::string name;
  for (const char c : file_name) {
    const auto byte = static_cast<unsigned char>(c);
    name += byte < 0x20 || byte == 0x7F || c == '"' || c == '\\' ? '_' : c;
  }
  Multipart out;
  out.content_type = fmt::format("multipart/form-data; boundary=\"{}\"", boundary);
  out.body.reserve(json.size() + bytes.size() + 512);
  out.body += fmt::format(
      "--{}\r\nContent-Disposition: form-data; name=\"entity_content\"\r\nContent-Type: application/json\r\n\r\n",
      boundary);
  out.body += json;
  out.body += fmt::format(
      "\r\n--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: "
      "application/octet-stream\r\n\r\n",
      boundary, blob, name);
  out.body += bytes;
  out.body += fmt::format("\r\n--{}--\r\n", boundary);
  return out;
}

}  // namespace salesforce
