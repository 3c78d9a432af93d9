# System-call filters are compiled by libseccomp; JSON is read by nlohmann-json (header only).
find_library(SECCOMP_LIBRARY NAMES libseccomp.a REQUIRED)
target_link_libraries(wherry_oci PUBLIC ${SECCOMP_LIBRARY})
