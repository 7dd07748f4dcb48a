# Export for NumPy.
find_modules(libzip libzip)  # its CMake package asks for its tools too
optional_part(NPZ "${libzip_FOUND}" "writes no npz files" "libzip")
if(QMNIST_HAS_NPZ)
  target_sources(qmnist PRIVATE export/npz.cpp)
  target_link_libraries(qmnist PRIVATE PkgConfig::libzip)
  list(APPEND libraries "libzip ${libzip_VERSION}")
else()
  target_sources(qmnist PRIVATE export/without_npz.cpp)
endif()
