# Training on several ranks is in a library of its own, libqmnist_mpi.so, which the program loads where a launcher of MPI started it
# (host/world/join_world.cpp): so nothing else loads MPI.
find_package(MPI QUIET COMPONENTS CXX)
optional_part(MPI "${MPI_CXX_FOUND}" "trains in one process only" "Open MPI or MPICH" "scripts/setup --mpi")
if(QMNIST_HAS_MPI)
  file(GLOB mpi_sources CONFIGURE_DEPENDS world/mpi/*.cpp)
  add_library(qmnist_mpi MODULE ${mpi_sources} world/task_queue.cpp world/world.cpp)
  target_link_libraries(qmnist_mpi PRIVATE qmnist_flags qmnist_sanitized fmt::fmt MPI::MPI_CXX Threads::Threads)
  target_link_options(qmnist_mpi PRIVATE -Wl,--no-undefined)
  set_target_properties(qmnist_mpi PROPERTIES CXX_VISIBILITY_PRESET hidden LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  set(CMAKE_BUILD_RPATH ${PROJECT_BINARY_DIR})  # where it is
endif()
