# Enables the language CUDA if a CUDA Toolkit is found that can compile the CUDA engine. A toolkit that cannot is not an error: the
# build is for the CPU then, with a warning that names the remedy.
#
# Sets QMNIST_HAS_CUDA, and if it is false QMNIST_WITHOUT_CUDA to the reason.

# find_cuda_problem(PROBLEM REMEDY), after find_package(CUDAToolkit): what keeps the toolkit from compiling the CUDA engine, empty if
# nothing does, and what helps, empty if there is no trace of a toolkit.
function(find_cuda_problem problem_variable remedy_variable)
  set(oldest 12.4)
  set(another "or select another one with -DCUDAToolkit_ROOT=FOLDER")
  set(nvcc ${CUDAToolkit_NVCC_EXECUTABLE})
  set(problem "")
  if(NOT nvcc)  # CMake 3.31 and newer forget an nvcc without the CUDA runtime
    if(CUDAToolkit_ROOT)
      set(only_there NO_DEFAULT_PATH)
    endif()
    find_program(QMNIST_NVCC nvcc PATHS ${CUDAToolkit_ROOT} PATH_SUFFIXES bin ${only_there})
    mark_as_advanced(QMNIST_NVCC)
    set(nvcc ${QMNIST_NVCC})
  endif()
  if(NOT nvcc)
    find_path(QMNIST_CUDA_HEADERS cuda_runtime_api.h HINTS ${CUDAToolkit_ROOT} ENV CUDAToolkit_ROOT ENV CUDA_PATH PATHS /usr/local/cuda
      PATH_SUFFIXES include)
    mark_as_advanced(QMNIST_CUDA_HEADERS)
    if(CUDAToolkit_ROOT)
      set(problem "there is no nvcc in ${CUDAToolkit_ROOT}")
    elseif(QMNIST_CUDA_HEADERS)
      set(problem "${QMNIST_CUDA_HEADERS} has the headers of a CUDA Toolkit, but there is no nvcc")
    else()
      set(${problem_variable} "no CUDA Toolkit was found" PARENT_SCOPE)
      set(${remedy_variable} "" PARENT_SCOPE)
      return()
    endif()
    set(remedy "Install CUDA Toolkit ${oldest} or newer with nvcc (the package cuda-nvcc), put nvcc on the PATH, ${another}")
  elseif(NOT CUDAToolkit_VERSION)
    set(problem "${nvcc} --version fails")
    set(remedy "Install a complete CUDA Toolkit, ${oldest} or newer, ${another}")
  elseif(CUDAToolkit_VERSION VERSION_LESS oldest)
    set(problem "CUDA Toolkit ${CUDAToolkit_VERSION} (${nvcc}) is older than ${oldest}")
    set(remedy "Install CUDA Toolkit ${oldest} or newer, ${another}")
  elseif(NOT TARGET CUDA::cublas OR NOT TARGET CUDA::nvtx3)
    set(problem "CUDA Toolkit ${CUDAToolkit_VERSION} (${nvcc}) lacks the CUDA runtime, cuBLAS or NVTX")
    set(remedy "Install their development packages (cuda-cudart-dev, libcublas-dev, cuda-nvtx), ${another}")
  else()
    compile_with_nvcc(errors)
    if(errors)
      set(problem "${nvcc} ${CUDAToolkit_VERSION} cannot compile a test program")
      set(compiler "a C++ compiler that this nvcc supports")
      if(errors MATCHES "gcc versions later than ([0-9]+)")
        set(compiler g++-${CMAKE_MATCH_1})
      endif()
      set(remedy "It says: ${errors} Install ${compiler} and set CUDAHOSTCXX or -DCMAKE_CUDA_HOST_COMPILER to it, or use a newer CUDA Toolkit")
    endif()
  endif()
  set(${problem_variable} "${problem}" PARENT_SCOPE)
  set(${remedy_variable} "${remedy}" PARENT_SCOPE)
endfunction()

# compile_with_nvcc(ERRORS): compiles and links a program with what the CUDA engine and the benches need, as enable_language would end the configuration
# where that fails, and check_language knows neither the toolkit that was found nor CMAKE_CUDA_HOST_COMPILER. A success is remembered.
function(compile_with_nvcc errors_variable)
  set(host_compiler ${CMAKE_CUDA_HOST_COMPILER})
  if(NOT host_compiler)
    set(host_compiler $ENV{CUDAHOSTCXX})
  endif()
  separate_arguments(options UNIX_COMMAND "${CMAKE_CUDA_FLAGS}")
  if(host_compiler)
    list(APPEND options -ccbin=${host_compiler})
  endif()
  set(folder ${PROJECT_BINARY_DIR}${CMAKE_FILES_DIRECTORY})
  set(command ${CUDAToolkit_NVCC_EXECUTABLE} ${options} -std=c++20 -o cuda_probe cuda_probe.cu -cudart=shared -lcublas)
  if(NOT "${command}" STREQUAL "${QMNIST_NVCC_WORKS}")
    file(WRITE ${folder}/cuda_probe.cu "
#include <cublas_v2.h>
#include <nvtx3/nvToolsExt.h>
#include <thrust/tabulate.h>
#include <string>
__global__ void kernel() {}
int main() {
  kernel<<<1, 1>>>();
  cublasHandle_t handle;
  return cublasCreate(&handle);
}
")
    message(STATUS "Checking whether ${CUDAToolkit_NVCC_EXECUTABLE} works")
    execute_process(COMMAND ${command} WORKING_DIRECTORY ${folder}
      OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
    if(NOT status STREQUAL 0)
      string(REGEX MATCH "[^\n]*(error|ERROR|fatal)[^\n]*" line "${output}")
      if(NOT line)
        set(line "exit status ${status}")
      endif()
      set(${errors_variable} "${line}" PARENT_SCOPE)
      return()
    endif()
    set(QMNIST_NVCC_WORKS "${command}" CACHE INTERNAL "")
  endif()
  set(${errors_variable} "" PARENT_SCOPE)
endfunction()

set(QMNIST_HAS_CUDA OFF)
if(NOT QMNIST_CUDA)
  set(QMNIST_WITHOUT_CUDA "QMNIST_CUDA is OFF")
  return()
endif()
# In projects that require 3.25, Debian 12's CMake 3.25.1 sets a property of a library that CUDA 13 does not have, which is an error.
set(required ${CMAKE_MINIMUM_REQUIRED_VERSION})
set(CMAKE_MINIMUM_REQUIRED_VERSION 3.24)
find_package(CUDAToolkit)
set(CMAKE_MINIMUM_REQUIRED_VERSION ${required})
find_cuda_problem(QMNIST_WITHOUT_CUDA remedy)
if(remedy)
  message(WARNING "Building without CUDA, for the CPU only: ${QMNIST_WITHOUT_CUDA}. ${remedy}; then configure again in an empty build "
    "folder. Set QMNIST_CUDA=OFF to build for the CPU without this warning.")
endif()
if(QMNIST_WITHOUT_CUDA)
  message(STATUS "Building without CUDA: ${QMNIST_WITHOUT_CUDA}")
  return()
endif()

set(QMNIST_HAS_CUDA ON)
# Machine code for each generation since Turing that the toolkit knows, PTX for what comes after; Turing's PTX stays for tools that
# interpret it.
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 75 80-real 90)
  if(CUDAToolkit_VERSION VERSION_GREATER_EQUAL 12.8)
    set(CMAKE_CUDA_ARCHITECTURES 75 80-real 90-real 100-real 120)
  endif()
endif()
set(CMAKE_CUDA_COMPILER ${CUDAToolkit_NVCC_EXECUTABLE})
set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)
enable_language(CUDA)
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)  # Debian 12's CMake does not know it
set(CMAKE_BUILD_RPATH ${PROJECT_BINARY_DIR})  # where libqmnist_cuda.so is
