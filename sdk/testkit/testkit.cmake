# The test host that plugins' tests run on: portico_testkit; with a real PostgreSQL: portico_testkit_postgres.
find_package(OpenSSL REQUIRED) # its digests and seals are real
find_package(PkgConfig QUIET)
set(testkit ${CMAKE_CURRENT_LIST_DIR})
add_library(portico_testkit STATIC EXCLUDE_FROM_ALL
  ${testkit}/src/cache.cpp ${testkit}/src/channels.cpp ${testkit}/src/cron.cpp ${testkit}/src/crypto.cpp ${testkit}/src/database.cpp
  ${testkit}/src/exchange.cpp ${testkit}/src/failing.cpp ${testkit}/src/host.cpp ${testkit}/src/idempotency.cpp ${testkit}/src/identity.cpp
  ${testkit}/src/library.cpp ${testkit}/src/manifest.cpp ${testkit}/src/matching.cpp ${testkit}/src/operations.cpp
  ${testkit}/src/outbound.cpp ${testkit}/src/requests.cpp ${testkit}/src/running.cpp ${testkit}/src/small.cpp
  ${testkit}/src/state.cpp ${testkit}/src/streams.cpp ${testkit}/src/tasks.cpp
  ${testkit}/src/workflow_run.cpp ${testkit}/src/workflows.cpp)
target_compile_features(portico_testkit PUBLIC cxx_std_20)
target_include_directories(portico_testkit PUBLIC ${testkit}/include)
target_link_libraries(portico_testkit PUBLIC portico_sdk Threads::Threads PRIVATE OpenSSL::Crypto ${CMAKE_DL_LIBS})

if(PkgConfig_FOUND AND NOT TARGET PkgConfig::libpq)
  pkg_check_modules(libpq QUIET IMPORTED_TARGET libpq)
endif()
if(TARGET PkgConfig::libpq)
  add_library(portico_testkit_postgres STATIC EXCLUDE_FROM_ALL ${testkit}/src/postgres.cpp ${testkit}/src/postgres_values.cpp)
  target_link_libraries(portico_testkit_postgres PUBLIC portico_testkit PRIVATE PkgConfig::libpq)
endif()
