/* report/units.h: numbers for people: three significant digits and a fitting unit. */
#ifndef STW_REPORT_UNITS_H
#define STW_REPORT_UNITS_H

#include <stdint.h>

struct stw_short_text {
    char text[32];
};

/* "812 ns", "12.3 us", "1.27 ms", "4.00 s". */
struct stw_short_text stw_format_ns(uint64_t ns);
/* Likewise a percentile of so many events: "~812 ns" when so few cannot carry it. 0 percent: it is
 * none. */
struct stw_short_text stw_format_percentile(int64_t ns, int64_t events, double percent);
/* "512 B", "2.39 MiB". */
struct stw_short_text stw_format_bytes(uint64_t bytes);
/* Of the unit of a fact (base/facts.h): "12.3 us", "2.39 MiB", "12.50 %", "5.1 1/s", "560",
 * "12 words"; of what is whole, all digits. */
struct stw_short_text stw_format_value(double value, const char *unit);
/* A time to wait, rounded up: "1 s", "48 s", "12 min", "3 h 20 min". */
struct stw_short_text stw_format_wait(double seconds);

#endif
