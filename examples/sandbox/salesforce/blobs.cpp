// One file for each record.
#include "examples/sandbox/salesforce/blobs.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sandbox::salesforce {

void Blobs::put(const std::string& id, std::string bytes) {
  const std::lock_guard lock(mutex_);
  if (folder_.empty()) {
    kept_[id] = std::move(bytes);
    return;
  }
  std::filesystem::create_directories(folder_);
  const auto path = std::filesystem::path(folder_) / id;
  std::ofstream out(path.string() + ".new", std::ios::binary);
  out << bytes;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path.string());
  std::filesystem::rename(path.string() + ".new", path);
}

std::string Blobs::get(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  if (folder_.empty()) {
    const auto found = kept_.find(id);
    return found == kept_.end() ? std::string{} : found->second;
  }
  std::ifstream in(std::filesystem::path(folder_) / id, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void Blobs::clear() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

}  // namespace sandbox::salesforce
