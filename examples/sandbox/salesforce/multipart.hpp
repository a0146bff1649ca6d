// multipart/form-data bodies.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sandbox::salesforce {

struct Part {
  std::string name, file_name, content_type;
  std::string_view bytes;  // into the body
};

/// The parts of a body, or nothing if it does not hold together.
std::optional<std::vector<Part>> read_multipart(std::string_view content_type, std::string_view body);

}  // namespace sandbox::salesforce
