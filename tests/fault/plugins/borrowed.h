/* fault/plugins/borrowed.h: the source BORROWED of another plugin, without its manifest and its
 * export: whoever includes this has its functions, and offers them changed. */
#include <stwlab/plugin.h>

#pragma push_macro("STW_MANIFEST")
#pragma push_macro("STW_EXPORT")
#undef STW_MANIFEST
#undef STW_EXPORT
#define STW_MANIFEST(text) _Static_assert(1, "none of its own")
#define STW_EXPORT(...) extern int none_of_its_own
#include BORROWED
#pragma pop_macro("STW_MANIFEST")
#pragma pop_macro("STW_EXPORT")
