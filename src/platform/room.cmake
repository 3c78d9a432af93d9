find_package(Threads REQUIRED)
target_link_libraries(wherry_platform PUBLIC Threads::Threads)
