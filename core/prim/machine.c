/* prim/machine.c: reads /proc/stat, control groups and what else tells of the machine.
 *
 * MA1  a time is that of a whole file as it was read at one moment, or unknown: a lap of something
 *      unknown is unknown, never 0.
 * MA2  of processors, only those count that this process may run on: in a container /proc/stat
 *      tells of the whole machine. */
#include "prim/machine.h"

#include "prim/proc.h"
#include "prim/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define GROUPS "/sys/fs/cgroup"
#define PROCESSORS "/sys/devices/system/cpu"
#define PROCESSORS_MAX 4096u
#define READINGS 1000u /* of the clock, to tell how long one takes: some 30 us */

/* Reads ROOT/PATH; free the text. 0: there is nothing. */
static int read_below(const struct stw_machine *machine, const char *path, struct stw_text *text)
{
    struct stw_text whole = {0};
    stw_text_add(&whole, "%s%s", machine->root, path);
    stw_proc_read(whole.bytes, text);
    stw_text_free(&whole);
    return text->length > 0;
}

/* The number that stands behind a name at the beginning of a line; 0: there is none. */
static int number_of(const char *text, const char *name, uint64_t *number)
{
    size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) != 0 || (line[length] != ' ' && line[length] != '\t'))
            continue;
        *number = strtoull(line + length, NULL, 10);
        return 1;
    }
    return 0;
}

/* Processors. */

/* Whether a list like "0-1,4" has a number; an empty one has all. */
static int has_number(const char *list, unsigned long number)
{
    char *end;
    if (!*list)
        return 1;
    for (const char *at = list; *at >= '0' && *at <= '9'; at = *end == ',' ? end + 1 : end) {
        unsigned long first = strtoul(at, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        if (number >= first && number <= last)
            return 1;
    }
    return 0;
}

static void find_allowed(struct stw_machine *machine)
{
    static const char name[] = "\nCpus_allowed_list:";
    struct stw_text text = {0};
    read_below(machine, "/proc/self/status", &text);
    const char *found = strstr(stw_text_get(&text), name);
    if (found) {
        found += sizeof name - 1;
        found += strspn(found, " \t");
        snprintf(machine->allowed, sizeof machine->allowed, "%.*s", (int)strcspn(found, "\n"),
                 found);
    }
    stw_text_free(&text);
}

/* MA2. "cpu0 user nice system idle iowait irq softirq steal guest guest_nice" (proc(5)); a guest's
 * time is among the user's. */
static void read_processors(const struct stw_machine *machine, struct stw_machine_times *times)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
    struct stw_text text = {0};
    uint64_t tick_ns = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK), busy = 0, steal = 0;
    int lines = 0;
    read_below(machine, "/proc/stat", &text);
    for (const char *line = stw_text_get(&text); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "cpu", 3) != 0)
            break; /* they come first */
        if (line[3] < '0' || line[3] > '9')
            continue;
        char *at;
        uint64_t fields[FIELDS];
        if (!has_number(machine->allowed, strtoul(line + 3, &at, 10)))
            continue;
        for (int i = 0; i < FIELDS; i++)
            fields[i] = strtoull(at, &at, 10);
        busy += fields[USER] + fields[NICE] + fields[SYSTEM] + fields[IRQ] + fields[SOFTIRQ];
        steal += fields[STEAL];
        lines++;
    }
    times->busy_ns = lines ? busy * tick_ns : STW_MACHINE_UNKNOWN;
    times->steal_ns = lines ? steal * tick_ns : STW_MACHINE_UNKNOWN;
    stw_text_free(&text);
}

static uint64_t own_ns(void)
{
    static const int whose[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
    uint64_t sum_us = 0;
    for (int i = 0; i < 2; i++) {
        struct rusage usage;
        if (getrusage(whose[i], &usage) != 0)
            return STW_MACHINE_UNKNOWN;
        sum_us += 1000000u * (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
                + (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    }
    return 1000u * sum_us;
}

/* Control groups. */

/* Whether a list with commas has a word. */
static int has_word(const char *list, size_t length, const char *word)
{
    for (const char *at = list, *end = list + length; at < end;) {
        size_t bytes = strcspn(at, ",:");
        if (bytes == strlen(word) && strncmp(at, word, bytes) == 0)
            return 1;
        at += bytes + 1;
    }
    return 0;
}

static void set_group(struct stw_machine *machine, const char *folder, int folder_bytes,
                      const char *path)
{
    int bytes = (int)strcspn(path, "\n");
    while (bytes > 0 && path[bytes - 1] == '/')
        bytes--;
    stw_text_free(&machine->group);
    stw_text_add(&machine->group, GROUPS "%.*s", folder_bytes, folder);
    machine->group_top = machine->group.length;
    stw_text_add(&machine->group, "%.*s", bytes, path);
}

/* "0::/path", or of version 1 "4:cpu,cpuacct:/path", which is mounted in a folder of that name:
 * where it is, version 2 does not control processors. */
static void find_group(struct stw_machine *machine)
{
    struct stw_text text = {0}, folder = {0};
    read_below(machine, "/proc/self/cgroup", &text);
    for (const char *line = stw_text_get(&text); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
        if (!path)
            continue;
        names++;
        if (path == names && !machine->is_group_v1)
            set_group(machine, "", 0, path + 1);
        if (!has_word(names, (size_t)(path - names), "cpu"))
            continue;
        machine->is_group_v1 = 1;
        stw_text_add(&folder, "/%.*s", (int)(path - names), names);
        set_group(machine, folder.bytes, (int)folder.length, path + 1);
        stw_text_free(&folder);
    }
    stw_text_free(&text);
}

/* Calls `look` for the folder of the group and for each above it. */
static void each_group(const struct stw_machine *machine,
                       void (*look)(const struct stw_machine *machine, const char *folder,
                                    void *context),
                       void *context)
{
    char *folder = stw_strdup(stw_text_get(&machine->group));
    for (char *slash = folder; *folder && slash;) {
        look(machine, folder, context);
        slash = strrchr(folder + machine->group_top, '/');
        if (slash)
            *slash = '\0';
    }
    free(folder);
}

/* Reads a file of a group. */
static int read_of_group(const struct stw_machine *machine, const char *folder, const char *name,
                         struct stw_text *text)
{
    struct stw_text path = {0};
    stw_text_add(&path, "%s/%s", folder, name);
    int found = read_below(machine, path.bytes, text);
    stw_text_free(&path);
    return found;
}

static void add_throttled(const struct stw_machine *machine, const char *folder, void *context)
{
    uint64_t *sum_ns = context, number;
    struct stw_text text = {0};
    if (read_of_group(machine, folder, "cpu.stat", &text)
        && number_of(text.bytes, machine->is_group_v1 ? "throttled_time" : "throttled_usec",
                     &number))
        *sum_ns = (*sum_ns == STW_MACHINE_UNKNOWN ? 0 : *sum_ns)
                + number * (machine->is_group_v1 ? 1 : 1000);
    stw_text_free(&text);
}

struct quota {
    double share;
    char *text; /* or null */
};

/* "max 100000" is no quota, nor is -1 in version 1. */
static void take_quota(const struct stw_machine *machine, const char *folder, void *context)
{
    struct quota *least = context;
    struct stw_text text = {0};
    double quota = 0, period = 0;
    if (machine->is_group_v1) {
        read_of_group(machine, folder, "cpu.cfs_quota_us", &text);
        read_of_group(machine, folder, "cpu.cfs_period_us", &text);
    } else {
        read_of_group(machine, folder, "cpu.max", &text);
    }
    if (sscanf(stw_text_get(&text), "%lf %lf", &quota, &period) == 2 && quota > 0 && period > 0
        && (!least->text || quota / period < least->share)) {
        free(least->text);
        least->share = quota / period;
        stw_text_free(&text);
        stw_text_add(&text, "%.0f %.0f", quota, period);
        least->text = stw_strdup(text.bytes);
    }
    stw_text_free(&text);
}

int stw_machine_quota(const struct stw_machine *machine, char *text, size_t bytes)
{
    struct quota least = {0};
    each_group(machine, take_quota, &least);
    if (least.text)
        snprintf(text, bytes, "%s", least.text);
    free(least.text);
    return least.share > 0;
}

/* Readings. */

void stw_machine_open(struct stw_machine *machine, const char *root)
{
    *machine = (struct stw_machine){.root = stw_strdup(root)};
    find_allowed(machine);
    find_group(machine);
    machine->read_ns = stw_clock_ns();
    stw_machine_read(machine, &machine->last);
}

void stw_machine_close(struct stw_machine *machine)
{
    stw_text_free(&machine->group);
    free(machine->root);
    *machine = (struct stw_machine){0};
}

void stw_machine_read(const struct stw_machine *machine, struct stw_machine_times *times)
{
    times->throttled_ns = STW_MACHINE_UNKNOWN;
    read_processors(machine, times);
    times->own_ns = own_ns();
    each_group(machine, add_throttled, &times->throttled_ns);
}

/* MA1 */
static uint64_t less(uint64_t now, uint64_t before)
{
    if (now == STW_MACHINE_UNKNOWN || before == STW_MACHINE_UNKNOWN || now < before)
        return STW_MACHINE_UNKNOWN; /* it went back: a processor left, or the group is another */
    return now - before;
}

void stw_machine_lap(struct stw_machine *machine, struct stw_machine_lap *lap)
{
    struct stw_machine_times now, *last = &machine->last;
    uint64_t now_ns = stw_clock_ns();
    *lap = (struct stw_machine_lap){0};
    if (now_ns - machine->read_ns < STW_LAP_NS_MIN)
        return;
    stw_machine_read(machine, &now);
    lap->wall_ns = now_ns - machine->read_ns;
    lap->processors = stw_processor_count();
    lap->times = (struct stw_machine_times){
        .busy_ns = less(now.busy_ns, last->busy_ns),
        .steal_ns = less(now.steal_ns, last->steal_ns),
        .throttled_ns = less(now.throttled_ns, last->throttled_ns),
        .own_ns = less(now.own_ns, last->own_ns),
    };
    machine->read_ns = now_ns;
    *last = now;
}

/* What else tells of noise. */

/* "0.20 0.18 0.12 1/80 11206": the fourth is threads that can run, and all threads (proc(5)). */
uint64_t stw_machine_running(const struct stw_machine *machine)
{
    struct stw_text text = {0};
    unsigned long long running = 0;
    read_below(machine, "/proc/loadavg", &text);
    int found = sscanf(stw_text_get(&text), "%*s %*s %*s %llu/", &running) == 1 && running > 0;
    stw_text_free(&text);
    return found ? running - 1 : STW_MACHINE_UNKNOWN;
}

static int file_begins(const struct stw_machine *machine, const char *path, const char *word)
{
    struct stw_text text = {0};
    read_below(machine, path, &text);
    int begins = strncmp(stw_text_get(&text), word, strlen(word)) == 0;
    stw_text_free(&text);
    return begins;
}

const char *stw_machine_watcher(const struct stw_machine *machine)
{
    struct stw_text text = {0};
    char path[96];
    read_below(machine, "/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", &text);
    unsigned long count = strtoul(stw_text_get(&text), NULL, 10);
    stw_text_free(&text);
    for (unsigned long i = 0; i < count && i < PROCESSORS_MAX; i++) {
        snprintf(path, sizeof path, "/sys/kernel/mm/damon/admin/kdamonds/%lu/state", i);
        if (file_begins(machine, path, "on"))
            return "admin";
    }
    if (file_begins(machine, "/sys/module/damon_reclaim/parameters/enabled", "Y"))
        return "reclaim";
    if (file_begins(machine, "/sys/module/damon_lru_sort/parameters/enabled", "Y"))
        return "lru_sort";
    return NULL;
}

void stw_machine_governors(const struct stw_machine *machine, struct stw_text *governors)
{
    char path[96];
    for (unsigned i = 0; i < PROCESSORS_MAX; i++) {
        struct stw_text text = {0};
        snprintf(path, sizeof path, PROCESSORS "/cpu%u/cpufreq/scaling_governor", i);
        if (!read_below(machine, path, &text))
            break;
        text.bytes[strcspn(text.bytes, "\n")] = '\0';
        if (!strstr(stw_text_get(governors), text.bytes))
            stw_text_add(governors, "%s%s", governors->length ? ", " : "", text.bytes);
        stw_text_free(&text);
    }
}

uint64_t stw_clock_step_ns(void)
{
    struct timespec step;
    if (clock_getres(CLOCK_MONOTONIC, &step) != 0)
        return STW_MACHINE_UNKNOWN;
    return (uint64_t)step.tv_sec * 1000000000u + (uint64_t)step.tv_nsec;
}

uint64_t stw_clock_reading_ns(void)
{
    uint64_t began_ns = stw_clock_ns();
    for (unsigned i = 0; i < READINGS; i++)
        stw_clock_ns();
    return (stw_clock_ns() - began_ns) / READINGS;
}
