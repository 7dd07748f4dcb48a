# Image decoders, which predict and folders of pictures need.
find_modules(images lept libexif libturbojpeg)
find_path(STB_INCLUDE_DIR stb/stb_image.h)  # header-only, without a CMake package
if(images_FOUND AND STB_INCLUDE_DIR)
  set(images_complete ON)
endif()
optional_part(IMAGES "${images_complete}" "reads no images" "lept, libexif, libturbojpeg and stb_image.h")
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
  list(APPEND libraries "Leptonica ${images_lept_VERSION}" "libexif ${images_libexif_VERSION}"
    "libjpeg-turbo ${images_libturbojpeg_VERSION}")
else()
  target_sources(qmnist_compute PRIVATE image/without_images.cpp)
endif()
