/* host/proxy.h: the checking proxy: stands between plugins and host, and holds both to what the
 * annotations of the ABI say (stwlab/base.h). docs/decisions/0010-checking-proxy.md.
 *
 * Each slot of a plugin, and each function of the host, is called through a wrapper that
 * cmake/proxies.awk makes of the headers. Breaches end the trial under the annotation's name.
 * Nothing is interposed before stw_proxy_begin, so nothing costs anything then.
 * Threads: all that is here, on the main thread, before there are mutators. */
#ifndef STW_HOST_PROXY_H
#define STW_HOST_PROXY_H

#include "host/load.h"

/* From now on: handles of the host check who calls what, and from where. Before the first one is
 * made. */
void stw_proxy_begin(void);
/* Puts the proxy before a plugin that is loaded and configured, and not yet created: its slots are
 * the proxy's, and `self` will be. Nothing happens unless the proxy has begun. */
void stw_proxy_interpose(struct stw_loaded *loaded);

#endif
