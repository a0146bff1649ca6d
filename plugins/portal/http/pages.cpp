// Pages and navigation of the shell; what they show is in web/.
#include "http/pages.hpp"

namespace portal {

void add_pages(const portico::Pages& pages) {
  pages.shell();
  pages.page("/", {"Welcome", "ようこそ"}, portico::Access::anyone);
  pages.page("/dashboard", {"Dashboard", "ダッシュボード"});
  pages.navigation("/dashboard", {"Dashboard", "ダッシュボード"}, 10);
}

}  // namespace portal
