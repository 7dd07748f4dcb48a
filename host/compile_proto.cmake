find_modules(protobuf protobuf-lite)  # says what it links with itself, in every version
find_program(PROTOC protoc)

# compile_proto(LIBRARY FOLDER NAME): a static library of FOLDER/NAME.proto, whose header is <FOLDER/NAME.pb.h>; generated, so
# without our warnings and clang-tidy.
function(compile_proto library folder name)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${folder})
  add_custom_command(OUTPUT ${output}/${name}.pb.cc ${output}/${name}.pb.h
    COMMAND ${CMAKE_COMMAND} -E make_directory ${output}
    COMMAND ${PROTOC} --proto_path=${CMAKE_CURRENT_SOURCE_DIR}/${folder} --cpp_out=${output} ${name}.proto
    DEPENDS ${folder}/${name}.proto VERBATIM)
  add_library(${library} STATIC ${output}/${name}.pb.cc)
  set_target_properties(${library} PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
  target_include_directories(${library} SYSTEM PUBLIC ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${library} PUBLIC PkgConfig::protobuf)
endfunction()
