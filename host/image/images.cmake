# Decoding images, which only predict needs, is optional.
set(QMNIST_IMAGES AUTO CACHE STRING "Read image files: ON, OFF, or AUTO for where the libraries are found")
set_property(CACHE QMNIST_IMAGES PROPERTY STRINGS AUTO ON OFF)
if(QMNIST_IMAGES)
  pkg_check_modules(images QUIET IMPORTED_TARGET GLOBAL lept libexif libturbojpeg)
  find_path(STB_INCLUDE_DIR stb/stb_image.h)  # headers only; the distribution has no CMake package of it
  if(images_FOUND AND STB_INCLUDE_DIR)
    set(QMNIST_HAS_IMAGES ON)
  elseif(QMNIST_IMAGES STREQUAL AUTO)
    message(STATUS "predict will read no images: that needs lept, libexif, libturbojpeg and stb_image.h (scripts/setup installs them)")
  else()
    message(FATAL_ERROR "QMNIST_IMAGES=ON needs lept, libexif, libturbojpeg and stb_image.h (scripts/setup installs them)")
  endif()
endif()
set(QMNIST_HAS_IMAGES ${QMNIST_HAS_IMAGES} PARENT_SCOPE)  # for the tests
if(QMNIST_HAS_IMAGES)
  target_sources(qmnist_compute PRIVATE
    image/decode.cpp
    image/decode_jpeg.cpp
    image/decode_leptonica.cpp
    image/decode_pnm.cpp
    image/decode_stb.cpp
    image/orientation.cpp)
  target_include_directories(qmnist_compute SYSTEM PRIVATE ${STB_INCLUDE_DIR})
  target_link_libraries(qmnist_compute PUBLIC PkgConfig::images)
  set(image_libraries "Leptonica ${images_lept_VERSION}, libexif ${images_libexif_VERSION}, libjpeg-turbo ${images_libturbojpeg_VERSION}, ")
else()
  target_sources(qmnist_compute PRIVATE image/without_images.cpp)
endif()
