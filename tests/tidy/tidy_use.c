/* tidy/tidy_use.c: the rules about what a file may use: dependencies between folders, and the
 * operating system. */
#include "tidy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* In the order of dependencies: each may include itself and those before it. */
static const char *const core_folders[] = {"base", "prim", "heap", "gc", "host", "testing",
                                           "plan", "trial", "store", "lab", "report", "cli"};

/* What other folders may include of core/gc: the rest is how it is made, and changes. */
static const char *const gc_headers[] = {"gc/gc.h", "gc/pause.h", "gc/timeline.h", "gc/watch.h"};

static const char *const system_headers[] = {
    "dlfcn.h", "linux/", "sched.h", "signal.h", "spawn.h", "sys/mman.h", "sys/prctl.h",
    "sys/resource.h", "sys/signalfd.h", "sys/syscall.h", "sys/wait.h", "ucontext.h"};

/* unistd.h declares harmless things too, so its functions are looked for by name. */
static const char *const system_calls[] = {
    "clone", "dlopen", "dlsym", "execl", "execlp", "execv", "execve", "execvp", "fork", "kill",
    "killpg", "madvise", "memfd_create", "mmap", "mprotect", "munmap", "pidfd_open", "posix_spawn",
    "prctl", "ptrace", "sbrk", "setpgid", "setrlimit", "sigaction", "syscall", "vfork", "wait4",
    "waitpid"};

/* C17, and POSIX threads. */
static const char *const library_headers[] = {
    "assert.h", "complex.h", "ctype.h", "errno.h", "fenv.h", "float.h", "inttypes.h", "iso646.h",
    "limits.h", "locale.h", "math.h", "pthread.h", "setjmp.h", "stdalign.h", "stdarg.h",
    "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h",
    "string.h", "tgmath.h", "time.h", "uchar.h", "wchar.h", "wctype.h"};

static int starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Programs of other runtimes are no plugins: they include what their runtime has. */
static int is_plugin_source(const struct stw_source *source)
{
    return stw_tidy_is_under(source, "plugins") || stw_tidy_is_under(source, "strategies")
           || (stw_tidy_is_under(source, "experiments")
               && !stw_tidy_is_under(source, "experiments/peers"));
}

static int is_product(const struct stw_source *source)
{
    return is_plugin_source(source) || stw_tidy_is_under(source, "core");
}

/* The position in core_folders of the folder that `path` begins with, or -1. */
static int rank(const char *path)
{
    for (size_t i = 0; i < COUNT(core_folders); i++) {
        size_t length = strlen(core_folders[i]);
        if (starts(path, core_folders[i]) && path[length] == '/')
            return (int)i;
    }
    return -1;
}

/* Whether the header is one of core/gc that other folders do not see. */
static int is_private(const char *name)
{
    if (!starts(name, "gc/"))
        return 0;
    for (size_t i = 0; i < COUNT(gc_headers); i++)
        if (strcmp(name, gc_headers[i]) == 0)
            return 0;
    return 1;
}

static void check_core(const struct stw_source *source, char open, const char *name)
{
    int own = rank(source->path + strlen("core/"));
    if (open == '<')
        return;
    int other = rank(name);
    if (own < 0)
        stw_tidy_report(source, "dependency", "this folder of core has no place in the order");
    else if (other < 0)
        stw_tidy_report(source, "dependency", "\"%s\" is not FOLDER/FILE of core", name);
    else if (other > own)
        stw_tidy_report(source, "dependency", "core/%s must not include \"%s\"",
                        core_folders[own], name);
    else if (is_private(name) && strcmp(core_folders[own], "gc") != 0)
        stw_tidy_report(source, "private-header", "\"%s\" is for core/gc alone: gc/gc.h has what "
                        "core/%s may use", name, core_folders[own]);
}

static int is_library_header(const char *name)
{
    for (size_t i = 0; i < COUNT(library_headers); i++)
        if (strcmp(name, library_headers[i]) == 0)
            return 1;
    return 0;
}

static void check_abi(const struct stw_source *source, char open, const char *name)
{
    int is_beside = strcmp(source->path, "core/abi/stwlab/kit.h") == 0;
    if (open == '<' ? strcmp(name, "stdint.h") != 0 && !(is_beside && is_library_header(name))
                    : strchr(name, '/') != NULL)
        stw_tidy_report(source, "plugin-include", "a public header includes %s", name);
}

static void check_plugin(const struct stw_source *source, char open, const char *name)
{
    if (open == '"') {
        if (strstr(name, "..") || rank(name) >= 0 || starts(name, "stwlab/"))
            stw_tidy_report(source, "plugin-include", "\"%s\" is outside the plugin's folder",
                            name);
        return;
    }
    if (!is_library_header(name) && !starts(name, "stwlab/"))
        stw_tidy_report(source, "plugin-include", "<%s> is neither the ABI nor the C library",
                        name);
}

static void check_system_header(const struct stw_source *source, const char *name)
{
    if (stw_tidy_is_under(source, "core/prim") || !is_product(source))
        return;
    for (size_t i = 0; i < COUNT(system_headers); i++) {
        size_t length = strlen(system_headers[i]);
        int is_folder = system_headers[i][length - 1] == '/';
        if (is_folder ? starts(name, system_headers[i]) : strcmp(name, system_headers[i]) == 0)
            stw_tidy_report(source, "system", "<%s> belongs to core/prim", name);
    }
}

void stw_tidy_check_include(const struct stw_source *source, const char *text, const char *code)
{
    char open, name[256];
    while (isspace((unsigned char)*code))
        code++;
    if (*code != '#' || sscanf(text, " # include %c%255[^\">]", &open, name) != 2)
        return;
    check_system_header(source, name);
    if (stw_tidy_is_under(source, "core/abi"))
        check_abi(source, open, name);
    else if (stw_tidy_is_under(source, "core"))
        check_core(source, open, name);
    else if (is_plugin_source(source))
        check_plugin(source, open, name);
}

/* Whether `code` calls `name`: the whole word, not a member, with a parenthesis after it. */
static int calls(const char *code, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = code; (at = strstr(at, name)) != NULL; at += length) {
        char before = at == code ? ' ' : at[-1];
        if (!isalnum((unsigned char)before) && before != '_' && before != '.' && before != '>'
            && at[length] == '(')
            return 1;
    }
    return 0;
}

void stw_tidy_check_calls(const struct stw_source *source, const char *code)
{
    if (stw_tidy_is_under(source, "core/prim") || !is_product(source))
        return;
    for (size_t i = 0; i < COUNT(system_calls); i++)
        if (calls(code, system_calls[i]))
            stw_tidy_report(source, "system", "%s belongs to core/prim", system_calls[i]);
}
