/* report/units.c: durations and sizes with three significant digits. */
#include "report/units.h"

#include "report/sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define EXACT_MAX 9007199254740992.0 /* 2^53: doubles hold all whole numbers up to it */
#define WHOLE_MAX 1.8e19             /* what an uint64_t can hold */
#define SECONDS_MAX 3.6e9 /* a million hours: no estimate means more */

/* Three significant digits: 1.27, 12.3, 123; the bounds are where printf would round up to a digit
 * more. */
static struct stw_short_text three_digits(double value, const char *unit)
{
    struct stw_short_text out;
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(out.text, sizeof out.text, "%.*f %s", decimals, value, unit);
    return out;
}

/* Divides by `step` until the value, as it will be printed, is below `step` or the units end. */
static struct stw_short_text scale(uint64_t amount, double step, const char *const *units,
                                   uint32_t unit_count)
{
    struct stw_short_text out;
    if ((double)amount < step) {
        snprintf(out.text, sizeof out.text, "%" PRIu64 " %s", amount, units[0]);
        return out;
    }
    double value = (double)amount / step;
    uint32_t unit = 1;
    while (value >= step - 0.5 && unit + 1 < unit_count) {
        value /= step;
        unit++;
    }
    return three_digits(value, units[unit]);
}

struct stw_short_text stw_format_ns(uint64_t ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    return scale(ns, 1000, units, COUNT(units));
}

struct stw_short_text stw_format_percentile(int64_t ns, int64_t events, double percent)
{
    struct stw_short_text out;
    int is_thin =
        percent > 0 && stw_events_beyond((uint64_t)events, percent) < STW_EVENTS_BEYOND;
    snprintf(out.text, sizeof out.text, "%s%.28s", is_thin ? "~" : "",
             stw_format_ns((uint64_t)ns).text);
    return out;
}

struct stw_short_text stw_format_bytes(uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    return scale(bytes, 1024, units, COUNT(units));
}

struct stw_short_text stw_format_value(double value, const char *unit)
{
    struct stw_short_text out;
    const char *sign = value < 0 ? "-" : "";
    double size = value < 0 ? -value : value;
    int is_whole = size < EXACT_MAX && (double)(uint64_t)size == size;
    if (strcmp(unit, "ns") == 0 && size < WHOLE_MAX)
        snprintf(out.text, sizeof out.text, "%s%.24s", sign,
                 stw_format_ns((uint64_t)(size + 0.5)).text);
    else if (strcmp(unit, "bytes") == 0 && size < WHOLE_MAX)
        snprintf(out.text, sizeof out.text, "%s%.24s", sign,
                 stw_format_bytes((uint64_t)(size + 0.5)).text);
    else if (strcmp(unit, "bytes/s") == 0 && size < WHOLE_MAX)
        snprintf(out.text, sizeof out.text, "%s%.20s/s", sign,
                 stw_format_bytes((uint64_t)(size + 0.5)).text);
    else if (strcmp(unit, "share") == 0)
        snprintf(out.text, sizeof out.text, "%.2f %%", 100 * value);
    else if (strcmp(unit, "1/s") == 0)
        snprintf(out.text, sizeof out.text, "%.1f %s", value, unit);
    else if (is_whole)
        snprintf(out.text, sizeof out.text, "%.0f%s%.12s", value, *unit ? " " : "", unit);
    else
        snprintf(out.text, sizeof out.text, "%.6g%s%.12s", value, *unit ? " " : "", unit);
    return out;
}

struct stw_short_text stw_format_wait(double seconds)
{
    struct stw_short_text out;
    double bounded = seconds > 0 ? seconds < SECONDS_MAX ? seconds : SECONDS_MAX : 0;
    uint64_t whole = (uint64_t)bounded;
    whole += (double)whole < bounded;
    uint64_t minutes = (whole + 59) / 60;
    if (whole < 120)
        snprintf(out.text, sizeof out.text, "%" PRIu64 " s", whole > 0 ? whole : 1);
    else if (minutes < 120)
        snprintf(out.text, sizeof out.text, "%" PRIu64 " min", minutes);
    else
        snprintf(out.text, sizeof out.text, "%" PRIu64 " h %" PRIu64 " min", minutes / 60,
                 minutes % 60);
    return out;
}
