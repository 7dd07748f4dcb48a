# Unpacks .gz files at once.
find_modules(libdeflate libdeflate)
optional_part(DEFLATE "${libdeflate_FOUND}" "unpacks .gz files in more than twice the time" "libdeflate")
if(QMNIST_HAS_DEFLATE)
  target_sources(qmnist_compute PRIVATE data/gunzip.cpp)
  target_link_libraries(qmnist_compute PRIVATE PkgConfig::libdeflate)
  list(APPEND libraries "libdeflate v${libdeflate_VERSION}")  # without the v, lintian takes it for a copy of zlib
else()
  target_sources(qmnist_compute PRIVATE data/without_gunzip.cpp)
endif()
