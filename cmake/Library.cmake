# What embedders link: libwherry.a and libwherry.so, made of the rooms, with the public headers and a CMake package:
#   find_package(wherry)
#   target_link_libraries(app PRIVATE wherry::wherry)          # or wherry::static
include(CMakePackageConfigHelpers)
find_package(Threads REQUIRED)

set(objects "")
foreach(room base platform wasm runtime engine interp native artifact api wasi wasm_c)
  list(APPEND objects $<TARGET_OBJECTS:wherry_${room}>)
endforeach()
file(WRITE ${CMAKE_BINARY_DIR}/empty.cc "")
foreach(kind SHARED STATIC)
  string(TOLOWER wherry_${kind} target)
  add_library(${target} ${kind} ${CMAKE_BINARY_DIR}/empty.cc ${objects})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME wherry VERSION ${PROJECT_VERSION} SOVERSION
                                             ${PROJECT_VERSION_MAJOR})
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} INTERFACE cxx_std_23)
  target_link_libraries(${target} PUBLIC Threads::Threads PRIVATE ${CARES_LIBRARY} ${SODIUM_LIBRARY})
endforeach()
target_link_options(wherry_shared PRIVATE -Wl,--exclude-libs,libcares.a:libsodium.a)  # ours alone, also where an embedder has its own
set_target_properties(wherry_shared PROPERTIES EXPORT_NAME wherry)
set_target_properties(wherry_static PROPERTIES EXPORT_NAME static)

install(TARGETS wherry_shared wherry_static EXPORT wherry)
install(FILES include/wasm.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/wherry DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h PATTERN *.inc)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/wherry)
install(EXPORT wherry NAMESPACE wherry:: FILE wherry-targets.cmake DESTINATION ${package_dir})
file(WRITE ${CMAKE_BINARY_DIR}/wherry-config.cmake
  "include(CMakeFindDependencyMacro)\nfind_dependency(Threads)\n"
  "include(\${CMAKE_CURRENT_LIST_DIR}/wherry-targets.cmake)\n")
write_basic_package_version_file(${CMAKE_BINARY_DIR}/wherry-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/wherry-config.cmake ${CMAKE_BINARY_DIR}/wherry-config-version.cmake
        DESTINATION ${package_dir})

# libwasmedge.so.0, which programs built for WasmEdge load in its place: its symbols with their versions, no others; the
# C++ runtime is inside, so that it meets no other.
set(objects "")
foreach(room base platform wasm runtime engine interp native artifact api wasi wasmedge)
  list(APPEND objects $<TARGET_OBJECTS:wherry_${room}>)
endforeach()
set(exports ${CMAKE_SOURCE_DIR}/src/capi/wasmedge/exports.lds)
add_library(wasmedge_shared SHARED ${CMAKE_BINARY_DIR}/empty.cc ${objects})
set_target_properties(wasmedge_shared PROPERTIES OUTPUT_NAME wasmedge VERSION 0.1.1 SOVERSION 0 LINK_DEPENDS ${exports})
target_link_libraries(wasmedge_shared PRIVATE Threads::Threads ${CMAKE_DL_LIBS} ${CARES_LIBRARY} ${SODIUM_LIBRARY})
target_link_options(wasmedge_shared PRIVATE -Wl,--version-script=${exports} -Wl,-z,start-stop-visibility=hidden -Wl,-z,now)
if(NOT WHERRY_SANITIZE)
  target_link_options(wasmedge_shared PRIVATE -Wl,--no-undefined -static-libstdc++ -static-libgcc)
endif()
install(TARGETS wasmedge_shared)
install(DIRECTORY include/wasmedge DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
