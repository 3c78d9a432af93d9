# Signatures and digests. By its archive where there is one, as for c-ares.
find_library(SODIUM_LIBRARY NAMES libsodium.a sodium REQUIRED)
find_path(SODIUM_INCLUDE_DIR NAMES sodium.h REQUIRED)
target_include_directories(wherry_artifact PRIVATE ${SODIUM_INCLUDE_DIR})
target_link_libraries(wherry_artifact PUBLIC ${SODIUM_LIBRARY})
