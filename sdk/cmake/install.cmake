# What `cmake --install` lays down: the SDK (component sdk), and the host with its plugins (component host).
set(portico_share share/PorticoSDK)
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/../include/ DESTINATION include COMPONENT sdk FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(FILES ${CMAKE_CURRENT_LIST_DIR}/portico-sdk.pc DESTINATION lib/pkgconfig COMPONENT sdk)
foreach(file IN ITEMS PorticoSDKConfig.cmake PorticoSDKConfigVersion.cmake plugin.cmake web.cmake clang_libcxx.cmake plugin.map
    boost_json.cpp catch_main.cpp manifest.c)
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/${file} DESTINATION ${portico_share}/cmake COMPONENT sdk)
endforeach()
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/../src ${CMAKE_CURRENT_LIST_DIR}/../testkit DESTINATION ${portico_share} COMPONENT sdk
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp" PATTERN "*.cpp" PATTERN "*.cmake" PATTERN tests EXCLUDE)
# What integrators read to write their own.
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/../../examples/hello_cpp ${CMAKE_CURRENT_LIST_DIR}/../../examples/hello_c
  ${CMAKE_CURRENT_LIST_DIR}/../../examples/hello_rust ${CMAKE_CURRENT_LIST_DIR}/../../examples/loyalty
  DESTINATION ${portico_share}/examples COMPONENT sdk)
# The kit's sources: what pages may use, with its types.
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/../web/src DESTINATION ${portico_share}/web COMPONENT sdk PATTERN "*.test.ts" EXCLUDE)

install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/../../docs/guides ${CMAKE_CURRENT_LIST_DIR}/../../docs/reference DESTINATION share/doc/portico COMPONENT sdk)
install(TARGETS portico RUNTIME DESTINATION bin COMPONENT host)
install(DIRECTORY ${CMAKE_BINARY_DIR}/plugins DESTINATION lib/portico COMPONENT host
  FILES_MATCHING PATTERN plugin.so REGEX "/web/[^/]+$"
  PATTERN CMakeFiles EXCLUDE PATTERN connectors EXCLUDE REGEX "/web[.](new|old)$" EXCLUDE)
install(DIRECTORY migrations DESTINATION lib/portico COMPONENT host)
install(DIRECTORY config/ DESTINATION share/portico/config COMPONENT host FILES_MATCHING PATTERN "*.properties" PATTERN dev EXCLUDE PATTERN deploy EXCLUDE)
