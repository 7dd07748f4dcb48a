# Debian policy forbids search paths in a package's programs: a library there comes from a package, too.
file(RPATH_REMOVE FILE ${CPACK_TEMPORARY_DIRECTORY}/usr/bin/qmnist_gpu)
