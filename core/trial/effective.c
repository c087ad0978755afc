/* trial/effective.c: whether a trial ran with the settings that it was configured with.
 *
 * E1  operations begin and end with the GOGC that was configured, or that a strategy has set: that
 *     is what strategies are for. A workload may change it for its set-up or an operation, and puts
 *     back what it found; where that went wrong the trial measured something else.
 * GOGC is the only setting that plugins can change.
 * A setter is known by its handle or, if it set it through m->host, by where its code is
 * (trial/blame.h). An address in no plugin's object is what a tail call leaves; then it is whoever
 * was called last. */
#include "trial/effective.h"

#include "base/error.h"
#include "trial/blame.h"

#include <stdio.h>

void stw_effective_setter(const struct stw_watch_cast *cast, const struct stw_mutator *m,
                          const void *from, struct stw_percent_setter *setter)
{
    const struct stw_loaded *plugin = stw_blame_code(cast, m, from);
    if (!plugin)
        plugin = stw_blame_last(cast, m);
    if (plugin)
        *setter = (struct stw_percent_setter){plugin->ordinal,
                                              plugin->info->kind == STW_KIND_STRATEGY};
}

static void format_percent(int32_t percent, char text[16])
{
    if (percent < 0)
        snprintf(text, 16, "off");
    else
        snprintf(text, 16, "%d", percent);
}

stw_status stw_effective_check(const struct stw_watch_cast *cast, const struct stw_gc *gc,
                               const char *when, struct stw_error *error)
{
    char is[16], should[16];
    const struct stw_gc_snapshot now = stw_gc_snapshot(gc);
    int is_configured = now.percent_meant == now.percent_configured;
    uint32_t setter = now.percent_setter;
    if (now.percent == now.percent_meant)
        return STW_OK;
    format_percent(now.percent, is);
    format_percent(now.percent_meant, should);
    return stw_error_set(error, STW_E_INVALID, "gogc",
                         "it was %s when the operations %s, not %s as %s; %s set it last", is, when,
                         should, is_configured ? "configured" : "a strategy wants",
                         setter ? cast->record->plugin_names[setter] : "a plugin");
}
