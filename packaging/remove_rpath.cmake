# Debian policy forbids search paths outside a package: the libraries of CUDA and NCCL come from packages, too.
file(GLOB libraries ${CPACK_TEMPORARY_DIRECTORY}/usr/libexec/qmnist-gpu/*.so)
foreach(library IN LISTS libraries)
  file(RPATH_REMOVE FILE ${library})
endforeach()
