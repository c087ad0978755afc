# What `cmake --install` puts in place: the executable, the plugins, and all that an author of plugins
# needs: headers, a pkg-config file, a CMake package. Everything finds its neighbours by relative
# paths, so an installed tree can be moved.
include(CMakePackageConfigHelpers)

set(STW_INSTALL_PLUGINSDIR ${CMAKE_INSTALL_LIBDIR}/stwlab/plugins)
set(STW_INSTALL_DATADIR ${CMAKE_INSTALL_DATADIR}/stwlab)
set(STW_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/stwlab)

# The executable stands beside its plugins, where it looks first; bin holds a link to it.
install(TARGETS stwlab RUNTIME DESTINATION ${CMAKE_INSTALL_LIBDIR}/stwlab)
file(RELATIVE_PATH STW_BIN_TO_EXECUTABLE /${CMAKE_INSTALL_BINDIR}
  /${CMAKE_INSTALL_LIBDIR}/stwlab/stwlab)
install(CODE "
  set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  file(MAKE_DIRECTORY \"\${folder}\")
  message(STATUS \"Installing: \${folder}/stwlab\")
  file(CREATE_LINK ${STW_BIN_TO_EXECUTABLE} \"\${folder}/stwlab\" SYMBOLIC)")
get_property(plugin_targets GLOBAL PROPERTY STW_PLUGIN_TARGETS)
foreach(target ${plugin_targets})
  get_target_property(kind ${target} STW_KIND)
  install(TARGETS ${target} LIBRARY DESTINATION ${STW_INSTALL_PLUGINSDIR}/${kind})
endforeach()

# Programs of other runtimes: Go's is built from its source, others are programs already.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/experiments/peers/go
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/stwlab/peers)
get_property(program_targets GLOBAL PROPERTY STW_PROGRAM_TARGETS)
if(program_targets)
  install(TARGETS ${program_targets} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBDIR}/stwlab/peers)
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/core/abi/stwlab DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/plugins/exports.map DESTINATION ${STW_INSTALL_DATADIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/experiments/conformance ${PROJECT_SOURCE_DIR}/docs/guide/examples
  DESTINATION ${STW_INSTALL_DATADIR})

file(RELATIVE_PATH STW_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" STW_PC_TO_PREFIX "${STW_PC_TO_PREFIX}")
foreach(module stwlab stwlab-testing)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${module}.pc.in ${PROJECT_BINARY_DIR}/${module}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${module}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

install(TARGETS stw_abi stwlab-testing EXPORT stwlabTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT stwlabTargets NAMESPACE stwlab:: DESTINATION ${STW_INSTALL_CMAKEDIR})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/stwlabConfig.cmake.in
  ${PROJECT_BINARY_DIR}/stwlabConfig.cmake
  INSTALL_DESTINATION ${STW_INSTALL_CMAKEDIR}
  PATH_VARS STW_INSTALL_PLUGINSDIR STW_INSTALL_DATADIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/stwlabConfigVersion.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/stwlabConfig.cmake
  ${PROJECT_BINARY_DIR}/stwlabConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/stwlabPlugin.cmake
  DESTINATION ${STW_INSTALL_CMAKEDIR})

# Made by the program itself, of what its help tells.
install(CODE "
  set(prefix \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
  execute_process(COMMAND \"${CMAKE_COMMAND}\" \"-DSTWLAB=$<TARGET_FILE:stwlab>\"
    \"-DFOLDER=\${prefix}/${CMAKE_INSTALL_DATADIR}\" \"-DMANDIR=\${prefix}/${CMAKE_INSTALL_MANDIR}\"
    -P \"${CMAKE_CURRENT_LIST_DIR}/words.cmake\" COMMAND_ERROR_IS_FATAL ANY)")
