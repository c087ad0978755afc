/* store/environment.c: what a result may depend on besides the experiment: machine, system, build.
 *
 * Everything is read from where the kernel publishes it; nothing here fails, it only stays unknown.
 * What the machine does while trials run is measured beside them (prim/machine.h). No names of
 * machines or people: a run may be handed on. */
#include "store/environment.h"

#include "base/sanitizer.h"
#include "prim/machine.h"
#include "prim/thread.h"

#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#ifdef STW_AUDITED
#define BUILD_CHECKS "audit"
#elif defined(STW_GUARD)
#define BUILD_CHECKS "guard"
#else
#define BUILD_CHECKS "release"
#endif
#if STW_ASAN
#define BUILD_SANITIZER "+asan"
#elif STW_TSAN
#define BUILD_SANITIZER "+tsan"
#else
#define BUILD_SANITIZER ""
#endif

struct sink {
    void (*add)(void *context, const char *key, const char *value);
    void *context;
    struct stw_machine *machine;
};

static FILE *open_below(const struct sink *sink, const char *path)
{
    struct stw_text whole = {0};
    stw_text_add(&whole, "%s%s", sink->machine->root, path);
    FILE *file = fopen(whole.bytes, "re");
    stw_text_free(&whole);
    return file;
}

/* The first line of a file without its end; 0 when there is none. */
static int first_line(const struct sink *sink, const char *path, char *line, size_t bytes)
{
    FILE *file = open_below(sink, path);
    if (!file)
        return 0;
    int got = fgets(line, (int)bytes, file) != NULL;
    fclose(file);
    if (got)
        line[strcspn(line, "\n")] = '\0';
    return got;
}

/* The text after "name   :" in a file of such lines; 0 when there is none. */
static int field_of(const struct sink *sink, const char *path, const char *name, char *value,
                    size_t bytes)
{
    char line[512];
    size_t length = strlen(name);
    int found = 0;
    FILE *file = open_below(sink, path);
    if (!file)
        return 0;
    while (!found && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (!colon || strncmp(line, name, length) != 0)
            continue;
        const char *start = colon + 1 + strspn(colon + 1, " \t");
        snprintf(value, bytes, "%.*s", (int)strcspn(start, "\n"), start);
        found = 1;
    }
    fclose(file);
    return found;
}

static void add_file(const struct sink *sink, const char *key, const char *path)
{
    char line[256];
    if (first_line(sink, path, line, sizeof line))
        sink->add(sink->context, key, line);
}

static void add_number(const struct sink *sink, const char *key, unsigned long long value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", value);
    sink->add(sink->context, key, text);
}

static void add_known(const struct sink *sink, const char *key, uint64_t value)
{
    if (value != STW_MACHINE_UNKNOWN)
        add_number(sink, key, value);
}

static void add_system(const struct sink *sink)
{
    struct utsname names;
    char text[512];
    if (uname(&names) == 0) {
        snprintf(text, sizeof text, "%s %s %s", names.sysname, names.release, names.machine);
        sink->add(sink->context, "kernel", text);
    }
    if (field_of(sink, "/proc/cpuinfo", "model name", text, sizeof text))
        sink->add(sink->context, "cpu", text);
    add_number(sink, "processors", stw_processor_count());
    if (field_of(sink, "/proc/meminfo", "MemTotal", text, sizeof text))
        add_number(sink, "memory_bytes", strtoull(text, NULL, 10) * 1024);
    add_file(sink, "thp", "/sys/kernel/mm/transparent_hugepage/enabled");
    add_file(sink, "thp_defrag", "/sys/kernel/mm/transparent_hugepage/defrag");
    add_file(sink, "aslr", "/proc/sys/kernel/randomize_va_space");
    add_file(sink, "clocksource",
             "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    add_file(sink, "smt", "/sys/devices/system/cpu/smt/active");
    add_file(sink, "boost", "/sys/devices/system/cpu/cpufreq/boost");
    add_file(sink, "no_turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo");
}

/* What others do on the machine. Times are since it booted, or the group was made. */
static void add_others(const struct sink *sink)
{
    const struct stw_machine *machine = sink->machine;
    const char *watcher = stw_machine_watcher(machine);
    struct stw_text governors = {0};
    char text[64];
    stw_machine_governors(machine, &governors);
    if (governors.length)
        sink->add(sink->context, "governor", governors.bytes);
    stw_text_free(&governors);
    /* A kernel thread that watches accesses to memory, for milliseconds where a mutator ran. */
    if (watcher)
        sink->add(sink->context, "damon", watcher);
    if (stw_machine_quota(machine, text, sizeof text))
        sink->add(sink->context, "cpu_quota", text);
    stw_environment_load(text, sizeof text);
    sink->add(sink->context, "load", text);
    add_known(sink, "running", stw_machine_running(machine));
    add_known(sink, "steal_ns", machine->last.steal_ns);
    add_known(sink, "throttled_ns", machine->last.throttled_ns);
}

/* Bytes of the environment: they move the stack (Mytkowicz et al., ASPLOS 2009). */
static unsigned long long environment_bytes(void)
{
    unsigned long long bytes = 0;
    for (char **each = environ; each && *each; each++)
        bytes += strlen(*each) + 1;
    return bytes;
}

/* Variables that change how the loader, the C library's allocator or the whole program works. */
static void add_variables(const struct sink *sink)
{
    static const char *const names[] = {"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_BIND_NOW",
                                        "LD_AUDIT", "GLIBC_TUNABLES"};
    char key[64];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            sink->add(sink->context, names[i], getenv(names[i]));
    for (char **each = environ; each && *each; each++) {
        size_t length = strcspn(*each, "=");
        if (strncmp(*each, "MALLOC_", 7) != 0 || length >= sizeof key || !(*each)[length])
            continue;
        snprintf(key, sizeof key, "%.*s", (int)length, *each);
        sink->add(sink->context, key, *each + length + 1);
    }
}

/* What tells it to its programs: the systems' own files, and the variable of systemd's kin. */
static void add_container(const struct sink *sink)
{
    const char *told = getenv("container");
    if (access("/.dockerenv", F_OK) == 0)
        told = "docker";
    else if (access("/run/.containerenv", F_OK) == 0)
        told = "podman";
    if (told && *told)
        sink->add(sink->context, "container", told);
    else
        add_file(sink, "container", "/run/systemd/container");
}

void stw_environment_capture(const char *root,
                             void (*add)(void *context, const char *key, const char *value),
                             void *context)
{
    struct stw_machine machine;
    const struct sink sink = {add, context, &machine};
    stw_machine_open(&machine, root);
    add_system(&sink);
    add_others(&sink);
    if (machine.allowed[0])
        add(context, "affinity", machine.allowed);
    add_container(&sink);
    stw_machine_close(&machine);
    add_variables(&sink);
    add(context, "compiler", __VERSION__);
    add(context, "build_type", BUILD_CHECKS BUILD_SANITIZER);
    add(context, "libc", gnu_get_libc_version());
    add_number(&sink, "environment_bytes", environment_bytes());
}

int stw_environment_is_file(const char *key)
{
    return strstr(key, STW_ENVIRONMENT_FILE) != NULL || strcmp(key, "stwlab") == 0;
}

const char *stw_environment_file_name(const char *key)
{
    static const char *const kinds[] = {"runtime" STW_ENVIRONMENT_FILE,
                                        "toolchain" STW_ENVIRONMENT_FILE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(key, kinds[i], strlen(kinds[i])) == 0)
            return key + strlen(kinds[i]);
    return key;
}

int stw_environment_is_passing(const char *key)
{
    static const char *const keys[] = {"load", "running", "steal_ns", "throttled_ns",
                                       "environment_bytes"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return 1;
    return 0;
}

void stw_environment_load(char *text, size_t bytes)
{
    double load[3];
    if (getloadavg(load, 3) == 3)
        snprintf(text, bytes, "%.2f %.2f %.2f", load[0], load[1], load[2]);
    else
        text[0] = '\0';
}

void stw_environment_utc(char text[32])
{
    struct tm parts;
    time_t now = time(NULL);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
}
