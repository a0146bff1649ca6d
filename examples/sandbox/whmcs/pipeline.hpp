// What WHMCS does by itself: server modules, and the chain that an invoice's payment sets off.
#pragma once

#include "examples/sandbox/whmcs/books.hpp"
#include "examples/sandbox/whmcs/hooks.hpp"
#include "examples/sandbox/whmcs/switches.hpp"

namespace sandbox::whmcs {

/// What an automatic step may touch.
struct Surroundings {
  Books& books;
  const Clock& clock;
  const Switches& switches;
  HookCalls& hooks;
};

enum class ModuleVerb { kCreate, kSuspend, kUnsuspend, kTerminate, kChangePackage, kChangePassword, kCustom };

/// Runs the service's module with its hooks and, when it did well, sets the service's state. Returns the
/// module's own error text, "" when it did well.
std::string run_module(const Surroundings& in, Service& service, ModuleVerb verb,
                       const std::string& reason = {});

/// The service is the new product, or has the new options, from now on.
void apply_upgrade(const Surroundings& in, Upgrade& upgrade);

/// To be called once an invoice has become Paid: upgrades and services that wait for it, renewals, hooks.
void after_paid(const Surroundings& in, const Invoice& invoice);

/// The hook AddTransaction of a transaction that was booked.
HookCall hook_of(const Transaction& transaction);

/// Sets the invoice's status with the hook that belongs to it.
void change_status(const Surroundings& in, Invoice& invoice, const std::string& status);

}  // namespace sandbox::whmcs
