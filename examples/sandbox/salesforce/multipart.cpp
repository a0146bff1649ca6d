// RFC 7578, as far as clients use it.
#include "examples/sandbox/salesforce/multipart.hpp"

#include "examples/sandbox/common/text.hpp"

namespace sandbox::salesforce {

namespace {

constexpr auto kNone = std::string_view::npos;

/// The value of a parameter such as `name="VersionData"`.
std::string parameter(std::string_view header, std::string_view name) {
  const std::string wanted = std::string(name) + "=";
  const std::string low = lower(header);
  for (auto at = low.find(wanted); at != std::string::npos; at = low.find(wanted, at + 1)) {
    if (at > 0 && low[at - 1] != ' ' && low[at - 1] != ';') continue;
    std::string_view rest = header.substr(at + wanted.size());
    if (rest.starts_with('"')) return std::string(rest.substr(1, rest.find('"', 1) - 1));
    return trim(rest.substr(0, rest.find(';')));
  }
  return {};
}

}  // namespace

std::optional<std::vector<Part>> read_multipart(std::string_view content_type, std::string_view body) {
  const std::string boundary = parameter(content_type, "boundary");
  if (boundary.empty()) return std::nullopt;
  const std::string mark = "--" + boundary;
  auto at = body.find(mark);
  std::vector<Part> out;
  while (at != kNone) {
    at += mark.size();
    if (body.substr(at).starts_with("--")) return out;
    const auto line = body.find("\r\n", at);
    const auto blank = line == kNone ? kNone : body.find("\r\n\r\n", line);
    const auto end = blank == kNone ? kNone : body.find("\r\n" + mark, blank + 2);
    if (end == kNone) return std::nullopt;
    Part part;
    std::string_view head = body.substr(line + 2, blank - line);
    while (!head.empty()) {
      const auto stop = head.find("\r\n");
      const auto one = head.substr(0, stop);
      if (starts_ignoring_case(one, "content-disposition:")) {
        part.name = parameter(one, "name");
        part.file_name = parameter(one, "filename");
      }
      if (starts_ignoring_case(one, "content-type:")) part.content_type = trim(one.substr(13));
      head = stop == kNone ? std::string_view{} : head.substr(stop + 2);
    }
    part.bytes = end < blank + 4 ? std::string_view{} : body.substr(blank + 4, end - blank - 4);
    out.push_back(std::move(part));
    at = end + 2;
  }
  return std::nullopt;
}

}  // namespace sandbox::salesforce
