// Loads and answers built web files.
#include "kernel/front/static_files.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cctype>
#include <fstream>
#include <portico/problem.hpp>

#include "kernel/front/bytes.hpp"
#include "kernel/front/negotiation.hpp"
#include "kernel/front/ranges.hpp"
#include "kernel/front/url.hpp"

namespace kernel::front {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHashLength = 8;

constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kTypes = {{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".webp", "image/webp"},
    {".avif", "image/avif"},
    {".gif", "image/gif"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".txt", "text/plain; charset=utf-8"},
    {".xml", "application/xml"},
    {".wasm", "application/wasm"},
}};

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const auto size = in ? static_cast<std::streamoff>(in.tellg()) : -1;
  if (size < 0) throw portico::Problem(500, "static.folder_unreadable", file.string());
  if (static_cast<std::size_t>(size) > kMaxStaticFile)
    throw portico::Problem(500, "static.too_large", file.string());
  std::string bytes(static_cast<std::size_t>(size), '\0');
  in.seekg(0);
  if (!in.read(bytes.data(), size)) throw portico::Problem(500, "static.folder_unreadable", file.string());
  return bytes;
}

// Half of a SHA-256 in hexadecimal: a strong tag needs no secrecy, only that no two versions share it.
std::string entity_tag_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw portico::Problem(500, "static.folder_unreadable", "SHA-256 is not available");
  }
  std::string tag = "\"";
  for (unsigned i = 0; i < size / 2; ++i) tag += fmt::format("{:02x}", digest[i]);
  return tag + '"';
}

StaticVariant variant_of(std::string bytes, const StaticFile& file, std::string_view coding) {
  StaticVariant variant;
  variant.entity_tag = entity_tag_of(bytes);
  variant.head = std::make_shared<const std::string>(
      fmt::format("Content-Type: {}\r\n{}Cache-Control: {}\r\nETag: {}\r\nVary: Accept-Encoding\r\n"
                  "Accept-Ranges: bytes\r\nX-Content-Type-Options: nosniff\r\n",
                  file.type, coding.empty() ? std::string() : fmt::format("Content-Encoding: {}\r\n", coding),
                  file.immutable ? "public, max-age=31536000, immutable" : "no-cache", variant.entity_tag));
  variant.bytes = std::make_shared<const std::string>(std::move(bytes));
  return variant;
}

const StaticVariant& best_variant(const Request& request, const StaticFile& file) noexcept {
  switch (
      choose_coding(request.headers, {.gzip = file.gzip.has_value(), .brotli = file.brotli.has_value()})) {
    case Coding::brotli:
      return *file.brotli;
    case Coding::gzip:
      return *file.gzip;
    case Coding::identity:
      break;
  }
  return file.plain;
}

/// Makes the answer one of the part that the client asked for, where it did.
void cut_to_range(const Request& request, const StaticVariant& variant, Response& response) {
  if (request.method != "GET") return;  // of other methods the field means nothing (RFC 9110 14.2)
  const auto field = request.headers.find("range");
  if (!field) return;
  const auto if_range = request.headers.find("if-range");
  if (if_range && !if_range_holds(*if_range, variant.entity_tag)) return;
  const Range range = read_range(*field, variant.bytes->size());
  switch (range.kind) {
    case Range::Kind::whole:
      return;
    case Range::Kind::part:
      response.status = 206;
      response.slice = {range.from, range.size};
      response.headers.add("Content-Range", fmt::format("bytes {}-{}/{}", range.from,
                                                        range.from + range.size - 1, variant.bytes->size()));
      return;
    case Range::Kind::unsatisfiable:
      response.status = 416;
      response.shared_body.reset();
      response.head_fragment.reset();  // it speaks of the file
      response.headers.add("Content-Range", fmt::format("bytes */{}", variant.bytes->size()));
      return;
  }
}

bool is_coded_twin(const fs::path& file) {
  const auto extension = file.extension();
  if (extension != ".gz" && extension != ".br") return false;
  fs::path original = file;
  return fs::is_regular_file(original.replace_extension());
}

}  // namespace

bool has_content_hash(std::string_view file_name) noexcept {
  const std::string_view stem = file_name.substr(0, file_name.find('.'));
  if (stem.size() <= kHashLength) return false;
  const auto is_hash_byte = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  };
  // The hash may itself contain '-': look at exactly eight bytes first, then at what follows the last '-'.
  const auto looks_hashed = [&](std::string_view hash) {
    int digits = 0;
    int capitals = 0;
    for (const char c : hash) {
      if (!is_hash_byte(c)) return false;
      if (std::isdigit(static_cast<unsigned char>(c)) != 0) ++digits;
      if (std::isupper(static_cast<unsigned char>(c)) != 0) ++capitals;
    }
    return digits > 0 || capitals > 1;
  };
  if (stem[stem.size() - kHashLength - 1] == '-' && looks_hashed(stem.substr(stem.size() - kHashLength)))
    return true;
  const auto dash = stem.rfind('-');
  return dash != std::string_view::npos && stem.size() - dash - 1 > kHashLength &&
         looks_hashed(stem.substr(dash + 1));
}

std::string_view media_type_of(std::string_view file_name) noexcept {
  const auto dot = file_name.rfind('.');
  if (dot != std::string_view::npos) {
    for (const auto& [extension, type] : kTypes) {
      if (same_ignoring_case(file_name.substr(dot), extension)) return type;
    }
  }
  return "application/octet-stream";
}

void StaticFiles::mount(std::string_view prefix, const fs::path& folder) {
  try {
    load_tree(prefix, folder);
  } catch (const fs::filesystem_error& e) {
    throw portico::Problem(500, "static.folder_unreadable", e.what());
  }
}

void StaticFiles::load_tree(std::string_view prefix, const fs::path& folder) {
  const auto load = [&](const fs::path& path, const StaticFile& file, std::string_view coding) {
    std::string bytes = read_file(path);
    total_ += bytes.size();
    if (total_ > kMaxStaticTotal) throw portico::Problem(500, "static.too_large", folder.string());
    return variant_of(std::move(bytes), file, coding);
  };
  const auto load_twin = [&](const fs::path& path, const StaticFile& file, std::string_view coding) {
    std::optional<StaticVariant> variant;
    if (fs::is_regular_file(fs::symlink_status(path))) variant = load(path, file, coding);
    return variant;
  };
  for (fs::recursive_directory_iterator entry(folder); entry != fs::recursive_directory_iterator(); ++entry) {
    const fs::path& path = entry->path();
    const std::string name = path.filename().string();
    if (name.front() == '.' && entry->is_directory()) entry.disable_recursion_pending();
    if (name.front() == '.' || entry->is_symlink() || !entry->is_regular_file() || is_coded_twin(path))
      continue;
    StaticFile file;
    file.type = media_type_of(name);
    file.immutable = has_content_hash(name);
    file.plain = load(path, file, "");
    file.gzip = load_twin(path.string() + ".gz", file, "gzip");
    file.brotli = load_twin(path.string() + ".br", file, "br");
    files_.insert_or_assign(std::string(prefix) + path.lexically_relative(folder).generic_string(),
                            std::move(file));
  }
}

const StaticFile* StaticFiles::find(std::string_view path) const {
  auto found = files_.find(path);
  if (found == files_.end() && path.find('%') != std::string_view::npos) {
    // An encoded slash decodes to one, which is harmless here: the map holds whole paths of loaded files
    // only.
    if (const auto decoded = percent_decode(path, Plus::literal)) found = files_.find(*decoded);
  }
  return found == files_.end() ? nullptr : &found->second;
}

std::optional<Response> StaticFiles::answer(const Request& request, std::string_view path) const {
  const StaticFile* file = find(path);
  if (file == nullptr) return std::nullopt;
  if (request.method != "GET" && request.method != "HEAD") {
    Response refused;
    refused.status = 405;
    refused.headers = {{"Allow", "GET, HEAD"}};
    return refused;
  }
  return answer_with(request, *file);
}

Response StaticFiles::answer_with(const Request& request, const StaticFile& file, int status) {
  const StaticVariant& variant = best_variant(request, file);
  Response response;
  response.status = status;
  response.head_fragment = variant.head;
  const auto if_none_match = request.headers.find("if-none-match");
  if (status == 200 && if_none_match && matches_entity_tag(*if_none_match, variant.entity_tag)) {
    response.status = 304;
    return response;
  }
  response.shared_body = variant.bytes;
  if (status == 200) cut_to_range(request, variant, response);
  return response;
}

}  // namespace kernel::front
