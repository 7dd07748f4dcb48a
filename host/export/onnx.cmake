# Export to ONNX.
find_modules(protobuf protobuf-lite)  # says what it links with itself, in every version
find_program(PROTOC protoc)
if(protobuf_FOUND AND PROTOC)
  set(onnx_complete ON)
endif()
optional_part(ONNX "${onnx_complete}" "writes no ONNX files" "protobuf-lite and protoc")
if(QMNIST_HAS_ONNX)
  # Reads and writes ONNX's schema; generated, so without our warnings and clang-tidy.
  set(onnx_folder ${CMAKE_CURRENT_BINARY_DIR}/onnx)
  add_custom_command(OUTPUT ${onnx_folder}/onnx.pb.cc ${onnx_folder}/onnx.pb.h
    COMMAND ${CMAKE_COMMAND} -E make_directory ${onnx_folder}
    COMMAND ${PROTOC} --proto_path=${CMAKE_CURRENT_SOURCE_DIR}/export --cpp_out=${onnx_folder} onnx.proto
    DEPENDS export/onnx.proto VERBATIM)
  add_library(onnx_proto STATIC ${onnx_folder}/onnx.pb.cc)
  set_target_properties(onnx_proto PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
  target_include_directories(onnx_proto SYSTEM PUBLIC ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(onnx_proto PUBLIC PkgConfig::protobuf)
  target_sources(qmnist PRIVATE export/onnx.cpp)
  target_link_libraries(qmnist PRIVATE onnx_proto)
  list(APPEND libraries "protobuf ${protobuf_VERSION}")
else()
  target_sources(qmnist PRIVATE export/without_onnx.cpp)
endif()
