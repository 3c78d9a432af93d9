# Name resolution. By its archive where there is one: the command is static, and one library less to load is one less to
# find for those who embed.
find_library(CARES_LIBRARY NAMES libcares.a cares REQUIRED)
target_link_libraries(wherry_wasi PUBLIC ${CARES_LIBRARY})
