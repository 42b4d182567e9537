# Compiler flags, sanitizers and the compiler cache.

find_program(R8R_CCACHE ccache)
if(R8R_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${R8R_CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wno-missing-field-initializers -fdiagnostics-color=auto)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 warns about its own coroutine frames and about inlined std::string copies that it misreads.
  add_compile_options(-Wno-mismatched-new-delete -Wno-restrict -Wno-stringop-overflow -Wno-maybe-uninitialized)
  add_compile_options(-fpch-preprocess)
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")

if(R8R_SANITIZE)
  add_compile_options(-fsanitize=${R8R_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${R8R_SANITIZE})
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
  # The sanitizers grow std::regex and coroutine code past the point where these warnings mean anything.
  add_compile_options(-Wno-stringop-overread -Wno-array-bounds)
  if(R8R_SANITIZE MATCHES "thread")
    # Asio's fences, which it says it does not model.
    add_compile_options(-Wno-tsan)
  endif()
  if(R8R_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
