# Compiler settings and the one way to declare a library of the house.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(TURNPIKE_FUZZ "Build the libFuzzer targets (Clang only)" OFF)
set(TURNPIKE_SANITIZE "" CACHE STRING "Value for -fsanitize=, for example address,undefined")

find_program(TURNPIKE_CCACHE ccache)
if(TURNPIKE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TURNPIKE_CCACHE})
endif()
find_program(TURNPIKE_MOLD mold)
if(TURNPIKE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
# The same object code wherever the checkout lies.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
if(TURNPIKE_SANITIZE)
  add_compile_options(-fsanitize=${TURNPIKE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TURNPIKE_SANITIZE})
endif()

# Programs that serve: glibc's allocator took a fifth of a busy node's time (bench/results). Sanitizers bring their own.
set(TURNPIKE_ALLOCATOR "")
if(NOT TURNPIKE_SANITIZE)
  find_library(TURNPIKE_MIMALLOC mimalloc REQUIRED)
  # Named by no symbol of ours, so that the linker must be told to keep it.
  set(TURNPIKE_ALLOCATOR -Wl,--push-state,--no-as-needed ${TURNPIKE_MIMALLOC} -Wl,--pop-state)
endif()

# For libraries that use Boost.Asio: its fences are unknown to ThreadSanitizer, and a compiler that is told to stop at warnings
# stops there. What they order is ordered by its mutexes, too.
set(TURNPIKE_ASIO_DEFINITIONS "")
if(TURNPIKE_SANITIZE MATCHES "thread")
  set(TURNPIKE_ASIO_DEFINITIONS BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()

set(TURNPIKE_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers -Wnon-virtual-dtor -Werror)
# GCC 12 takes the storage of an empty std::expected or std::optional for a read of an uninitialized value. Clang's analysis and the
# sanitizers look for the real ones.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND TURNPIKE_WARNINGS -Wno-maybe-uninitialized)
  # With -O3 it also takes the appending of std::string for a copy that overlaps itself.
  list(APPEND TURNPIKE_WARNINGS -Wno-restrict)
else()
  # Clang sees std::stable_sort of GCC 12's library use what that library itself calls deprecated.
  list(APPEND TURNPIKE_WARNINGS -Wno-deprecated-declarations)
endif()

find_package(GTest REQUIRED)
find_package(Threads REQUIRED)

# turnpike_library(NAME [MAIN file] [DEPS lib...] [LINK lib...] [TEST_LINK lib...])
#
# One library from every .cpp of the current folder, but for MAIN, which belongs to a program. DEPS are libraries of the house that its public headers may include;
# LINK are outside libraries. `*_test.cpp` become one program NAME_test, each `*_fuzz.cpp` one fuzzer, `*_bench.cpp` one
# program NAME_bench (target `benchmarks`). Folders joined by "_" name the library: src/networks/compute/spec is
# networks_compute_spec.
function(turnpike_library name)
  cmake_parse_arguments(ARG "" "MAIN" "DEPS;LINK;TEST_LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(ARG_MAIN)
    list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_MAIN})
  endif()
  set(tests ${sources})
  set(benches ${sources})
  set(fuzzers ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cpp$")

  list(TRANSFORM ARG_DEPS PREPEND turnpike_)
  if(sources)
    add_library(turnpike_${name} STATIC ${sources})
    target_compile_options(turnpike_${name} PRIVATE ${TURNPIKE_WARNINGS})
    set(scope PUBLIC)
  else()
    add_library(turnpike_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(turnpike_${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(turnpike_${name} ${scope} ${ARG_DEPS} ${ARG_LINK})

  if(tests)
    add_executable(${name}_test ${tests})
    target_compile_options(${name}_test PRIVATE ${TURNPIKE_WARNINGS})
    target_link_libraries(${name}_test PRIVATE turnpike_${name} ${ARG_TEST_LINK} rapidcheck GTest::gmock GTest::gtest_main Threads::Threads)
    set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_dependencies(unit_tests ${name}_test)
  endif()
  if(benches)
    add_executable(${name}_bench EXCLUDE_FROM_ALL ${benches})
    target_compile_options(${name}_bench PRIVATE ${TURNPIKE_WARNINGS})
    target_link_libraries(${name}_bench PRIVATE ${TURNPIKE_ALLOCATOR} turnpike_${name} ${ARG_TEST_LINK} benchmark benchmark_main Threads::Threads)
    set_target_properties(${name}_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
    add_dependencies(benchmarks ${name}_bench)
  endif()
  if(TURNPIKE_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(target ${fuzzer} NAME_WE)
      add_executable(${target} ${fuzzer})
      target_link_libraries(${target} PRIVATE turnpike_${name} ${ARG_TEST_LINK} -fsanitize=fuzzer)
      set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
      add_dependencies(fuzzers ${target})
    endforeach()
  endif()
endfunction()

# All of a kind, for scripts/test, scripts/bench and scripts/fuzz.
add_custom_target(unit_tests)
add_custom_target(benchmarks)
add_custom_target(fuzzers)
