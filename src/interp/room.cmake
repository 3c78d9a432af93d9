# Handlers are only handlers when optimised: without, each would have a frame. Assertions stay as the preset has them.
target_compile_options(wherry_interp PRIVATE -O2)
if(WHERRY_LOOP_INTERPRETER)
  target_compile_definitions(wherry_interp PUBLIC WHERRY_LOOP_INTERPRETER)
endif()
# Sanitizers watch the host, not the guest: instrumented handlers would have frames, and a fault in one could not be told
# from where its registers are.
if(WHERRY_SANITIZE)
  file(GLOB handlers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/interp/ops_*.cc ${CMAKE_SOURCE_DIR}/src/interp/fusions_*.cc)
  set_source_files_properties(${handlers} PROPERTIES COMPILE_OPTIONS
                              "-fno-sanitize=all;-fno-sanitize-coverage=trace-pc-guard,trace-cmp,inline-8bit-counters,pc-table")
endif()
