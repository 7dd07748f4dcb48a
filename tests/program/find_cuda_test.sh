#!/usr/bin/env bash
# Checks that a CUDA Toolkit that cannot compile the CUDA engine leads to a build for the CPU with a warning that names the remedy,
# with stand-ins for toolkits.
#
# Exit status: 0 passed, 1 failed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CUDACXX CUDAHOSTCXX CUDA_PATH CUDAToolkit_ROOT
failures=0
# shellcheck source=scripts/progress.sh
source "$root/scripts/progress.sh"

# make_toolkit VERSION [ERROR]: a toolkit whose nvcc prints its version, if there is one, and fails with an error otherwise. It
# records its arguments.
make_toolkit() {
  rm -rf "$work/toolkit" "$work/nvcc.log"
  mkdir -p "$work/toolkit"/{bin,include/nvtx3,lib64}
  touch "$work/toolkit"/{include/cuda_runtime.h,include/cuda_runtime_api.h,include/nvtx3/nvToolsExt.h,lib64/libcudart.so,lib64/libcublas.so}
  cat >"$work/toolkit/bin/nvcc" <<NVCC
#!/bin/sh
echo "\$*" >>"$work/nvcc.log"
[ "\$*" = --version ] && [ "$1" ] && { echo 'Cuda compilation tools, release ${1%.*}, V$1'; exit 0; }
echo '${2-}' >&2
exit 1
NVCC
  chmod +x "$work/toolkit/bin/nvcc"
}

# expect_warning SOURCE TEXT [OPTION...]: configures SOURCE with the toolkit. There must be a warning with TEXT, a regular expression for
# the warning as one line, and the output that scripts/train shows must have it, too.
expect_warning() {
  local source=$1 text=$2 output warning
  rm -rf "$work/build"
  if ! output=$(with_progress configuring cmake -G Ninja -S "$source" -B "$work/build" -DCUDAToolkit_ROOT="$work/toolkit" \
    "${@:3}" 2>&1 >/dev/null); then
    echo "FAIL the configuration ends with an error, expected: $text"
    printf '%s\n' "$output"
    failures=$((failures + 1))
    return
  fi
  warning=$(tr -s '\n ' ' ' <<<"$output")
  if ! [[ $warning =~ 'CMake Warning'.*'Building without CUDA, for the CPU only: '.*$text ]]; then
    echo "FAIL expected a warning with: $text"
    printf '%s\n' "$output"
    failures=$((failures + 1))
  fi
}

mkdir "$work/project"
cat >"$work/project/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(project LANGUAGES CXX)
# Hides the system's toolkit, which may lie in /usr/bin, only now that the compiler is found.
set(CMAKE_FIND_USE_CMAKE_SYSTEM_PATH OFF)
set(CMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH OFF)
set(QMNIST_CUDA ON)
include($root/host/engines/cuda/find_cuda.cmake)
if(QMNIST_HAS_CUDA)
  message(FATAL_ERROR "QMNIST_HAS_CUDA is set")
endif()
CMAKE

host_error='host_config.h:143:2: error: #error -- unsupported GNU version! gcc versions later than 13 are not supported!'
make_toolkit 12.4.131 "$host_error"
expect_warning "$root" "nvcc 12.4.131 cannot compile a test program. It says: host_config.h.*Install g\+\+-13 and set CUDAHOSTCXX" \
  -DQMNIST_TESTS=OFF
expect_warning "$work/project" 'cannot compile' -DCMAKE_CUDA_HOST_COMPILER=some-g++ -DCMAKE_CUDA_FLAGS=--some-flag
CUDAHOSTCXX=other-g++ expect_warning "$work/project" 'cannot compile'
for argument in --some-flag -ccbin=some-g++ -ccbin=other-g++; do
  grep -qe "$argument -std=c++20" -e "$argument -ccbin" "$work/nvcc.log" || { echo "FAIL nvcc does not get $argument"; failures=$((failures + 1)); }
done

make_toolkit 12.4.131 'ptxas: not found'
expect_warning "$work/project" 'It says: exit status 1 Install a C\+\+ compiler that this nvcc supports'
make_toolkit 12.0.140
expect_warning "$work/project" 'CUDA Toolkit 12.0.140 .* is older than 12.4. Install CUDA Toolkit 12.4 or newer'
make_toolkit ''
expect_warning "$work/project" 'nvcc --version fails. Install a complete CUDA Toolkit'
make_toolkit 12.4.131
rm "$work/toolkit/lib64/libcudart.so" "$work/toolkit/include/cuda_runtime.h"
expect_warning "$work/project" 'lacks the CUDA runtime, cuBLAS or NVTX. Install their development packages'
rm "$work/toolkit/bin/nvcc"
expect_warning "$work/project" "there is no nvcc in $work/toolkit. Install CUDA Toolkit 12.4 or newer with nvcc"

[[ $failures == 0 ]]
