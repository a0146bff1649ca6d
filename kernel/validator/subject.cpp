// dlopen, the entry's promises, and one life after another.
#include "kernel/validator/subject.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <portico/call.hpp>

namespace kernel::validator {

namespace {

/// An error as the ABI wants it filled: texts that end.
std::string fault_of(portico_status status, const portico_error& error, const char* call) {
  if (status > 0) return fmt::format("{} answered {}, which means nothing", call, status);
  const auto ends = [](const char* text, std::size_t size) { return ::strnlen(text, size) < size; };
  if (!ends(error.code, sizeof error.code) || !ends(error.detail, sizeof error.detail) ||
      !ends(error.members, sizeof error.members))
    return fmt::format("{} filled an error with a text that has no end", call);
  return {};
}

std::string said(portico_status status, const portico_error& error) {
  return error.code[0] ? fmt::format("{} {}: {}", error.status, error.code, error.detail)
                       : fmt::format("status {}", status);
}

}  // namespace

std::string Subject::open() {
  library_ = ::dlopen(file_.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library_) return std::string("cannot be opened: ") + ::dlerror();
  using EntryFn = const portico_entry* (*)();
  const auto fn = reinterpret_cast<EntryFn>(::dlsym(library_, "portico_plugin_entry_v1"));
  if (!fn) return "exports no portico_plugin_entry_v1";
  entry_ = fn();
  if (!entry_) return "portico_plugin_entry_v1 answered null";
  if (entry_->size < sizeof(portico_entry))
    return fmt::format("its entry says it has {} bytes, the ABI has {}", entry_->size, sizeof(portico_entry));
  if (entry_->abi_major != PORTICO_ABI_MAJOR)
    return fmt::format("its entry says ABI major {}, the symbol's name says {}", entry_->abi_major,
                       PORTICO_ABI_MAJOR);
  return entry_->create ? "" : "its entry has no create";
}

bool Subject::close() {
  if (library_) ::dlclose(std::exchange(library_, nullptr));
  void* still = ::dlopen(file_.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  if (still) ::dlclose(still);
  return !still;
}

std::string Subject::live(FakeHost& host, const Step& step, const std::function<std::string()>& body) {
  refusal_.clear();
  portico_plugin* plugin = nullptr;
  auto error = portico::call::empty_error();
  step("calling create");
  auto status = entry_->create(host.raw(), &plugin, &error);
  if (auto fault = fault_of(status, error, "create"); !fault.empty()) return fault;
  if (status != PORTICO_OK) {
    refusal_ = said(status, error);
    return {};
  }
  if (!plugin) return "create answered PORTICO_OK and made no plugin";
  if (plugin->size < sizeof(portico_plugin) || !plugin->start || !plugin->stop || !plugin->destroy)
    return fmt::format("the plugin it made says it has {} bytes, or lacks start, stop or destroy",
                       plugin->size);
  step("calling start");
  error = portico::call::empty_error();
  host.registering = true;
  status = plugin->start(plugin, &error);
  host.registering = false;
  auto fault = fault_of(status, error, "start");
  if (status == PORTICO_OK) {
    if (fault.empty()) fault = body();
    step("calling stop");
    plugin->stop(plugin);
  } else {
    refusal_ = said(status, error);
  }
  step("calling destroy");
  plugin->destroy(plugin);
  step("after destroy");
  if (fault.empty() && host.leases.size())
    fault = fmt::format("it kept {} leased outputs", host.leases.size());
  if (fault.empty() && host.transactions.size())
    fault = fmt::format("it left {} transactions open", host.transactions.size());
  if (fault.empty() && !host.complaints.empty()) fault = host.complaints.front();
  return fault;
}

}  // namespace kernel::validator
