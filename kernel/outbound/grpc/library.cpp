// dlopen, once. A host whose plugins use no channel has none of gRPC's memory and relocations.
#include "kernel/outbound/grpc/library.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <mutex>
#include <portico/problem.hpp>

namespace kernel::outbound::rpc {

namespace {

Wire* load() {
  namespace fs = std::filesystem;
  std::error_code ec;
  const auto program = fs::read_symlink("/proc/self/exe", ec).parent_path();
  std::string why = "portico_grpc.so is neither in " + program.string() + " nor in ../lib/portico";
  for (const auto& folder : {program, program / ".." / "lib" / "portico"}) {
    const auto file = folder / "portico_grpc.so";
    if (!fs::exists(file, ec)) continue;
    void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      why = ::dlerror();
      break;
    }
    if (const auto entry = reinterpret_cast<WireEntry>(::dlsym(library, "portico_grpc_wire_1")))
      return entry();
    why = file.string() + " has no portico_grpc_wire_1";
    break;
  }
  throw portico::Problem(500, "upstream.no_grpc", why);
}

}  // namespace

Wire& wire() {
  static std::mutex mutex;
  static Wire* loaded = nullptr;
  const std::lock_guard lock(mutex);
  if (!loaded) loaded = load();
  return *loaded;
}

}  // namespace kernel::outbound::rpc
