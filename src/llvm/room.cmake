# The only code that sees LLVM. Everything that links it is opened or started only when something is compiled.
target_include_directories(wherry_llvm SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS})
target_precompile_headers(wherry_llvm PRIVATE ${CMAKE_SOURCE_DIR}/src/llvm/precompiled.h)
target_link_libraries(wherry_llvm PUBLIC LLVM)
# A program of its own (cmake/Compiler.cmake).
get_target_property(sources wherry_llvm SOURCES)
list(FILTER sources EXCLUDE REGEX compiler_main.cc)
set_property(TARGET wherry_llvm PROPERTY SOURCES ${sources})
