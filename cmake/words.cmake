# words.cmake: completion for shells, and manual pages where scdoc is installed, into FOLDER.
#   cmake -DSTWLAB=PROGRAM -DFOLDER=share -DMANDIR=share/man -P words.cmake
set(completions
  bash bash-completion/completions/stwlab
  zsh zsh/site-functions/_stwlab
  fish fish/vendor_completions.d/stwlab.fish)
while(completions)
  list(POP_FRONT completions shell file)
  get_filename_component(folder ${FOLDER}/${file} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  message(STATUS "Installing: ${FOLDER}/${file}")
  execute_process(COMMAND ${STWLAB} completion ${shell} OUTPUT_FILE ${FOLDER}/${file}
    COMMAND_ERROR_IS_FATAL ANY)
endwhile()

find_program(SCDOC scdoc)
if(NOT SCDOC)
  message(STATUS "No manual pages: scdoc is not installed")
  return()
endif()
execute_process(COMMAND ${STWLAB} --help OUTPUT_VARIABLE told COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\n  [a-z]+ " commands "${told}")
file(MAKE_DIRECTORY ${MANDIR}/man1)
foreach(command "" ${commands})
  string(STRIP "${command}" command)
  if(command STREQUAL "help")
    continue()
  endif()
  if(command)
    set(page ${MANDIR}/man1/stwlab-${command}.1)
  else()
    set(page ${MANDIR}/man1/stwlab.1)
  endif()
  message(STATUS "Installing: ${page}")
  execute_process(COMMAND ${STWLAB} manual ${command} COMMAND ${SCDOC} OUTPUT_FILE ${page}
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
