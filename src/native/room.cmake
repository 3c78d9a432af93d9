# Where an installed compiler is looked for.
include(GNUInstallDirs)
target_compile_definitions(wherry_native PRIVATE
  WHERRY_PLUGIN_FOLDER="${CMAKE_INSTALL_FULL_LIBDIR}" WHERRY_HELPER_FOLDER="${CMAKE_INSTALL_FULL_LIBEXECDIR}/wherry")
target_link_libraries(wherry_platform PUBLIC ${CMAKE_DL_LIBS})
