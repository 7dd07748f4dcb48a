# The files of the exported page become strings of the program.
set(page_files "")
foreach(constant_and_file kPageHtml:page.html kStyleCss:style.css kPreprocessJs:preprocess.js kNetworkJs:network.js kPageJs:page.js)
  string(REPLACE ":" ";" constant_and_file ${constant_and_file})
  list(GET constant_and_file 0 constant)
  list(GET constant_and_file 1 file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/export/page/${file})
  file(READ ${CMAKE_CURRENT_SOURCE_DIR}/export/page/${file} content)
  string(APPEND page_files "inline constexpr std::string_view ${constant} = R\"page(${content})page\";\n")
endforeach()
file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/export/page_files.h CONTENT
  "#pragma once\n\n#include <string_view>\n\nnamespace qmnist::page {\n\n${page_files}\n}  // namespace qmnist::page\n")
target_include_directories(qmnist PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/export)
