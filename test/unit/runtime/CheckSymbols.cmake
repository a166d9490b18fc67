# The runtime's bitcode may call libc and pthreads, and nothing of C++'s runtime
# or libgcc: those symbols have an underscore in front, __errno_location apart.
execute_process(COMMAND ${NM} --undefined-only --just-symbol-name ${MODULE}
  OUTPUT_VARIABLE symbols RESULT_VARIABLE failure)
if(failure)
  message(FATAL_ERROR "cannot list the symbols of ${MODULE}; build dlc_runtime_bc")
endif()
string(REPLACE "\n" ";" symbols "${symbols}")
foreach(symbol IN LISTS symbols)
  if(symbol MATCHES "^_" AND NOT symbol STREQUAL "__errno_location")
    message(SEND_ERROR "the runtime needs ${symbol}, which is not libc's")
  endif()
endforeach()
