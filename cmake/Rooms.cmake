# wherry_room(NAME DEPENDS ROOM...): the static library wherry_NAME from src/NAME. Rooms below the command line are
# built without exceptions and RTTI.
function(wherry_room name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc ${CMAKE_SOURCE_DIR}/src/${name}/*/*.cc
       ${CMAKE_SOURCE_DIR}/src/${name}/*.S ${CMAKE_SOURCE_DIR}/src/${name}/*/*.S)
  add_library(wherry_${name} STATIC ${sources})
  set_target_properties(wherry_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(wherry_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
  target_compile_options(wherry_${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti>)
  foreach(dep ${ARG_DEPENDS})
    target_link_libraries(wherry_${name} PUBLIC wherry_${dep})
  endforeach()
  if(EXISTS ${CMAKE_SOURCE_DIR}/src/${name}/room.cmake)
    include(${CMAKE_SOURCE_DIR}/src/${name}/room.cmake)
  endif()
endfunction()
