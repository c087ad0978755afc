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
    C_VISIBILITY_PRESET hidden
    LINK_DEPENDS "${STWLAB_EXPORTS_MAP}")
endfunction()
