# stwlab_add_plugin(NAME SOURCE...): builds NAME.so, a plugin that exports its entry and nothing else.
function(stwlab_add_plugin name)
  if(NOT ARGN)
    message(FATAL_ERROR "stwlab_add_plugin(${name}): no source files")
  endif()
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE stwlab::abi)
  target_link_options(${name} PRIVATE "LINKER:-z,defs"
    "LINKER:--version-script=${STWLAB_EXPORTS_MAP}")
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${STWLAB_EXPORTS_MAP}")
endfunction()

# stwlab_add_plugin_test(NAME SOURCE... PLUGIN ID PLUGIN_SOURCE...): builds the Criterion test NAME with a
# plugin's sources linked into it; the plugin's entry is stw_plugin_entry_ID, - in ID replaced by _.
function(stwlab_add_plugin_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "" "" "PLUGIN")
  list(POP_FRONT test_PLUGIN id)
  if(NOT test_UNPARSED_ARGUMENTS OR NOT test_PLUGIN)
    message(FATAL_ERROR "stwlab_add_plugin_test(${name}): SOURCE... PLUGIN ID PLUGIN_SOURCE...")
  endif()
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)
  string(REPLACE "-" "_" id ${id})
  add_executable(${name} ${test_UNPARSED_ARGUMENTS} ${test_PLUGIN})
  target_compile_definitions(${name} PRIVATE STW_STATIC_PLUGIN=${id})
  target_link_libraries(${name} PRIVATE stwlab::testing PkgConfig::CRITERION)
endfunction()
