# Every switch of the build in one place.
option(WHERRY_TESTS "Build the tests" ON)
option(WHERRY_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
option(WHERRY_BENCH "Build the native programs that the benchmark harness needs" OFF)
option(WHERRY_STATIC "Link the commands statically" OFF)
option(WHERRY_LOOP_INTERPRETER "Use the portable loop back-end of the interpreter instead of tail calls" OFF)
set(WHERRY_SANITIZE "" CACHE STRING "Sanitizers to build with, as for -fsanitize= (address,undefined | thread)")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Werror -Wno-unused-parameter -fvisibility=hidden -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
add_link_options(-fuse-ld=lld)
if(WHERRY_SANITIZE)
  add_compile_options(-fsanitize=${WHERRY_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WHERRY_SANITIZE})
endif()
if(WHERRY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # coverage, which guides libFuzzer
endif()
# Wasm arithmetic is IEEE 754 without contraction.
add_compile_options(-ffp-contract=off)
