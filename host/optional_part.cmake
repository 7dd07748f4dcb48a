# Optional parts of the program, each with libraries that the rest does not need. A part is declared beside its sources.

# optional_part(NAME FOUND LACKS NEEDS [SETUP]) declares the option QMNIST_<NAME> (ON, OFF, or AUTO for where the libraries are found), and sets
# QMNIST_HAS_<NAME>, everywhere, to whether this build has the part.
#   FOUND  whether the libraries are there
#   LACKS  what a build without them does not do
#   NEEDS  the libraries
#   SETUP  what installs them; scripts/setup if it is left out
function(optional_part name found lacks needs)
  set(setup scripts/setup)
  if(ARGC GREATER 4)
    set(setup ${ARGV4})
  endif()
  set(option QMNIST_${name})
  set(${option} AUTO CACHE STRING "ON, OFF, or AUTO: where ${needs} are found; without it, the program ${lacks}")
  set_property(CACHE ${option} PROPERTY STRINGS AUTO ON OFF)
  set(has OFF)
  if(${option} AND found)
    set(has ON)
  elseif(${option} STREQUAL AUTO)
    message(STATUS "${option}: the program ${lacks}: that needs ${needs} (${setup} installs them)")
  elseif(${option})
    message(FATAL_ERROR "${option}=ON needs ${needs} (${setup} installs them)")
  endif()
  set(QMNIST_HAS_${name} ${has} CACHE INTERNAL "")
  set_property(GLOBAL APPEND PROPERTY qmnist_parts "${option} ${has}")
endfunction()

# As pkg_check_modules(PREFIX QUIET ...), also where there is no pkg-config.
macro(find_modules prefix)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL ${ARGN})
  endif()
endmacro()
