# Build rules shared by every room: compiler flags, the precompiled header of
# MLIR, dialect generation, and the one-line declaration of a room's library.

# Debian's unversioned lld is older than the LLVM that dlc uses.
add_link_options(-fuse-ld=lld)

set(DLC_CXX_FLAGS -fno-exceptions -fno-rtti -Wall -Wextra -Wno-unused-parameter)
if(DLC_WERROR)
  list(APPEND DLC_CXX_FLAGS -Werror)
endif()

# One precompiled header for all code that includes MLIR: it cuts a pass from
# about 8 s to 2 s. Without a timestamp in it, ccache can reuse the objects.
file(WRITE ${CMAKE_BINARY_DIR}/pch_anchor.cpp "// Carries the precompiled header of MLIR.\n")
add_library(dlc_pch OBJECT ${CMAKE_BINARY_DIR}/pch_anchor.cpp)
target_compile_options(dlc_pch PRIVATE ${DLC_CXX_FLAGS})
target_precompile_headers(dlc_pch PRIVATE ${CMAKE_SOURCE_DIR}/compiler/cmake/Pch.h)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
endif()

# dlc_library(name LINK libs... DEPENDS targets...)
# A static library of MLIR-using code: every .cpp of the room.
function(dlc_library name)
  cmake_parse_arguments(ARG "" "" "LINK;DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_compile_options(${name} PRIVATE ${DLC_CXX_FLAGS})
  target_precompile_headers(${name} REUSE_FROM dlc_pch)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# dlc_tool(name SOURCES... LINK libs...)
function(dlc_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE ${DLC_CXX_FLAGS})
  target_precompile_headers(${name} REUSE_FROM dlc_pch)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM)
endfunction()

# dlc_passes(Room): generates <Room>Passes.h.inc beside the room from its
# Passes.td; the target is dlc_<room>_passes_gen.
function(dlc_passes room)
  string(TOLOWER ${room} lower)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name ${room})
  add_public_tablegen_target(dlc_${lower}_passes_gen)
endfunction()
