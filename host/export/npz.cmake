# Export for NumPy, and archives of NumPy as data.
find_modules(libzip libzip)  # its CMake package asks for its tools too
optional_part(NPZ "${libzip_FOUND}" "reads and writes no npz files" "libzip")
if(QMNIST_HAS_NPZ)
  target_sources(qmnist_compute PRIVATE data/npz_archive.cpp)
  target_sources(qmnist PRIVATE export/npz.cpp)
  target_link_libraries(qmnist_compute PRIVATE PkgConfig::libzip)
  target_link_libraries(qmnist PRIVATE PkgConfig::libzip)
  list(APPEND libraries "libzip ${libzip_VERSION}")
else()
  target_sources(qmnist_compute PRIVATE data/without_npz_archive.cpp)
  target_sources(qmnist PRIVATE export/without_npz.cpp)
endif()
