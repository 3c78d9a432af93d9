# Handlers are only handlers when optimised: without, each would have a frame. Assertions stay as the preset has them.
target_compile_options(wherry_interp PRIVATE -O2)
if(WHERRY_LOOP_INTERPRETER)
  target_compile_definitions(wherry_interp PUBLIC WHERRY_LOOP_INTERPRETER)
endif()
