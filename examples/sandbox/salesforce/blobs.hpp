// Contents of files: beside the state file, or in memory where there is none.
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace sandbox::salesforce {

class Blobs {
 public:
  /// folder  made when first needed; "" keeps everything in memory
  explicit Blobs(std::string folder) : folder_(std::move(folder)) {}

  /// errors: std::runtime_error if it cannot be written.
  void put(const std::string& id, std::string bytes);
  /// "" if there is none.
  std::string get(const std::string& id) const;
  void clear();

 private:
  std::string folder_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> kept_;  // under mutex_
};

}  // namespace sandbox::salesforce
