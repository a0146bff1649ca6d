// Typed operations between plugins: one provides, others call by name and revision.
#pragma once

#include <portico/abi/operations.h>

#include <functional>
#include <memory>
#include <portico/call.hpp>
#include <portico/contract.hpp>
#include <vector>

namespace portico {

/// Arguments and result are contracts; name is "<domain>.<verb>/<revision>".
template <class In, class Out>
struct Operation {
  const char* name;
};

class Operations {
 public:
  explicit Operations(const portico_host* host) : host_(host), table_(host, PORTICO_EXT_OPERATIONS) {}

  /// [control]
  template <class In, class Out, class F>
  void provide(const Operation<In, Out>& operation, F fn) {
    auto provider = std::make_unique<Provider>();
    provider->owner = this;
    provider->run = [fn = std::move(fn)](std::string_view arguments) -> std::string {
      return encode_text<Out>(fn(decode_text<In>(arguments, Unknown::ignore)));
    };
    auto error = call::empty_error();
    call::check(table_->provide(host_, to_str(operation.name), &Provider::call, provider.get(), &error),
                error, operation.name);
    providers_.push_back(std::move(provider));
  }

  /// [request] [task] errors: the provider's, 503 service.not_provided, 503 service.busy, 504
  /// request.deadline
  template <class In, class Out>
  Out call(const Operation<In, Out>& operation, const In& arguments) const {
    const auto text = encode_text(arguments);
    portico_buffer out{};
    auto error = call::empty_error();
    call::check(table_->call(host_, to_str(operation.name), to_str(text), &out, &error), error,
                operation.name);
    const Leased result(host_, out);
    return decode_text<Out>(result.text(), Unknown::ignore);
  }

 private:
  struct Provider {
    Operations* owner;
    std::function<std::string(std::string_view)> run;

    static portico_status call(void* user, portico_str arguments, portico_handle reply,
                               portico_error* error) noexcept {
      auto& self = *static_cast<Provider*>(user);
      return portico::call::guard(error, [&] {
        const auto result = self.run(view(arguments));
        self.owner->table_->reply(self.owner->host_, reply, to_str(result));
      });
    }
  };

  const portico_host* host_;
  call::Extension<portico_operations> table_;
  std::vector<std::unique_ptr<Provider>> providers_;
};

}  // namespace portico
