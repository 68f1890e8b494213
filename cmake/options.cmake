# How everything is compiled: warnings are errors, hardening always, sanitizers by preset.
add_library(basewatch_options INTERFACE)
target_compile_options(basewatch_options INTERFACE -pthread -Wall -Wextra -Werror -fstack-protector-strong)
target_compile_definitions(basewatch_options INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION
    BASEWATCH_VERSION="${PROJECT_VERSION}"
    $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_include_directories(basewatch_options INTERFACE ${PROJECT_SOURCE_DIR}/daemon)
target_link_options(basewatch_options INTERFACE -Wl,-z,relro,-z,now)

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(BASEWATCH_SANITIZE)
  target_compile_options(basewatch_options INTERFACE -fsanitize=${BASEWATCH_SANITIZE} -fno-sanitize-recover=all
      -fno-omit-frame-pointer -O1)
  target_link_options(basewatch_options INTERFACE -fsanitize=${BASEWATCH_SANITIZE})
endif()

# ccache is used where it is installed. A precompiled header is only found again when no time stands in it.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()
