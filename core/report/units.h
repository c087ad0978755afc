/* report/units.h: numbers for people: three significant digits and a fitting unit. */
#ifndef STW_REPORT_UNITS_H
#define STW_REPORT_UNITS_H

#include <stdint.h>

struct stw_short_text {
    char text[32];
};

/* "812 ns", "12.3 us", "1.27 ms", "4.00 s". */
struct stw_short_text stw_format_ns(uint64_t ns);
/* "512 B", "2.39 MiB". */
struct stw_short_text stw_format_bytes(uint64_t bytes);
/* A time to wait, rounded up: "1 s", "48 s", "12 min", "3 h 20 min". */
struct stw_short_text stw_format_wait(double seconds);

#endif
