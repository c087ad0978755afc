/* host/symbol.h: the name of the function that holds a place in an object, from its file. */
#ifndef STW_HOST_SYMBOL_H
#define STW_HOST_SYMBOL_H

#include <stdint.h>

#define STW_SYMBOL_BYTES 96u

/* By the symbols that the file has, static ones too unless it was stripped. 0: there is none, or no
 * such file that can be read, whatever is in it. Longer names are cut. */
int stw_symbol_find(const char *path, uint64_t offset, char symbol[STW_SYMBOL_BYTES]);

#endif
