# The CUDA engine is a library of its own, libqmnist_cuda.so, which the program loads when it uses a GPU (cuda_engine_kind.cpp): so one
# build runs with and without CUDA's libraries, and what uses no GPU does not load them.
file(GLOB cuda_sources CONFIGURE_DEPENDS engines/cuda/*.cpp engines/cuda/*.cu)
list(FILTER cuda_sources EXCLUDE REGEX "/(chunk|cuda_engine_kind)[.]cpp$")
# Also linked into the tests of kernels and the benches, which use its parts one by one.
add_library(qmnist_cuda_objects OBJECT ${cuda_sources})
set_target_properties(qmnist_cuda_objects PROPERTIES POSITION_INDEPENDENT_CODE ON
  CXX_VISIBILITY_PRESET hidden CUDA_VISIBILITY_PRESET hidden)
target_compile_definitions(qmnist_cuda_objects PRIVATE QMNIST_HAS_NCCL=$<BOOL:${QMNIST_HAS_NCCL}>)
target_link_libraries(qmnist_cuda_objects PUBLIC qmnist_flags fmt::fmt nlohmann_json::nlohmann_json
  CUDA::cudart CUDA::cublas CUDA::nvtx3 PRIVATE qmnist_sanitized)
add_library(qmnist_cuda MODULE)
target_link_libraries(qmnist_cuda PRIVATE qmnist_cuda_objects qmnist_shared_by_engines ${CMAKE_DL_LIBS})
target_link_options(qmnist_cuda PRIVATE -Wl,--no-undefined)
set_target_properties(qmnist_cuda PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
