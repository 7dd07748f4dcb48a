# Debian policy forbids search paths outside a package: CUDA's libraries come from packages, too.
set(library ${CPACK_TEMPORARY_DIRECTORY}/usr/libexec/qmnist-gpu/libqmnist_cuda.so)
if(EXISTS ${library})
  file(RPATH_REMOVE FILE ${library})
endif()
