// A plugin file opened in this very process: for a child process of the validator only.
#pragma once

#include <portico/abi/plugin.h>

#include <filesystem>
#include <functional>
#include <string>

#include "kernel/validator/child.hpp"
#include "kernel/validator/fake_host.hpp"

namespace kernel::validator {

class Subject {
 public:
  explicit Subject(std::filesystem::path file) : file_(std::move(file)) {}
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  /// Runs its constructors and asks for its entry. returns  what is wrong; empty: nothing
  std::string open();
  /// Unmaps it where nothing pins it. returns  whether it is gone
  bool close();

  /// One life on a host: create, start, whatever body does, stop, destroy.
  ///
  /// body     runs when start was good
  /// returns  what was wrong; empty: an orderly life, or an orderly refusal to start
  std::string live(FakeHost& host, const Step& step, const std::function<std::string()>& body);

  /// Why the last life did not start; empty: it did.
  const std::string& refusal() const { return refusal_; }

 private:
  std::filesystem::path file_;
  void* library_ = nullptr;
  const portico_entry* entry_ = nullptr;
  std::string refusal_;
};

}  // namespace kernel::validator
