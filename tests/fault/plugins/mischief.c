/* fault/plugins/mischief.c: a strategy that harms its own process in one of many ways, by its
 * parameters: when it is created, in a merge, when it is destroyed, or later. Whatever it does, the
 * coordinator, its results, the user's files and the next trial are to be as if it had not. */
#define _GNU_SOURCE
#include <stwlab/plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define MIB (1u << 20)

static void hang(void)
{
    for (;;)
        pause();
}

/* The record of the trial, mapped from the descriptor 3: its first 32 bytes are magic, size,
 * capacity, state and verdict. */
struct head {
    uint64_t magic, bytes, capacity;
    uint32_t state, verdict;
};

/* Where it is mapped. */
static struct head *record(size_t *bytes)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long from = 0, to = 0;
    while (maps && fgets(line, sizeof line, maps))
        if (strstr(line, "stwlab-record") && sscanf(line, "%lx-%lx", &from, &to) == 2)
            break;
    if (maps)
        fclose(maps);
    *bytes = to - from;
    return (void *)from;
}

static void unmap(void)
{
    size_t bytes;
    struct head *head = record(&bytes);
    munmap(head, bytes);
}

static void protect(void)
{
    size_t bytes;
    struct head *head = record(&bytes);
    mprotect(head, bytes, PROT_READ);
}

/* 50 MB of ones, from `skipped` on: settings, counters, stops. */
static void forge_all(size_t skipped)
{
    size_t bytes;
    struct head *head = record(&bytes);
    size_t most = bytes - skipped < 50000000 ? bytes - skipped : 50000000;
    memset((char *)head + skipped, 0x01, most);
}

static void forge_stops(void)
{
    forge_all(sizeof(struct head));
    _exit(0);
}

static void forge(uint32_t state, uint32_t verdict)
{
    size_t bytes;
    struct head *head = record(&bytes);
    head->state = state;
    head->verdict = verdict;
    _exit(0);
}

static void cut(void)
{
    if (ftruncate(3, 0) == 0 || errno != EPERM)
        abort();
}

static void say(const char *text, size_t bytes)
{
    ssize_t ignored = write(2, text, bytes);
    (void)ignored;
}

static void flood(void)
{
    static char bytes[65536];
    memset(bytes, 'x', sizeof bytes);
    for (int i = 0; i < 256; i++)
        say(bytes, sizeof bytes);
    abort();
}

static void paint(void)
{
    static const char screen[] = "\033[2J\033]0;owned\007\r\n\xff\xfe\xe2\x80\xae"
                                 "'; DROP TABLE trial;";
    say(screen, sizeof screen); /* with its zero byte */
    abort();
}

/* Fills memory that RLIMIT_DATA does not count, and waits for being noticed. */
static void share(void)
{
    size_t bytes = 300u * MIB;
    char *all = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(all, 1, bytes);
    hang();
}

static void breed(void)
{
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            static char all[60u * MIB];
            char *volatile there = all;
            memset(there, i + 1, sizeof all);
            hang();
        }
    hang();
}

/* Out of its group and session; they stay when the process ends. */
static void daemons(void)
{
    for (int i = 0; i < 8; i++)
        if (fork() == 0) {
            setsid();
            if (fork() == 0)
                signal(SIGTERM, SIG_IGN);
            hang();
        }
    usleep(100000);
}

static void look_for_secret(const char *path)
{
    static char bytes[65536];
    int file = open(path, O_RDONLY);
    ssize_t got = file < 0 ? 0 : read(file, bytes, sizeof bytes);
    for (ssize_t i = 0; i + 6 < got; i++)
        if (memcmp(bytes + i, "SECRET", 6) == 0)
            say(bytes + i, strnlen(bytes + i, 64));
}

static void spy(void)
{
    char path[64];
    const char *secret = getenv("FAULT_SECRET");
    if (secret)
        say(secret, strlen(secret));
    look_for_secret("/proc/self/environ");
    say(" of parent: ", 11);
    snprintf(path, sizeof path, "/proc/%d/environ", getppid());
    look_for_secret(path);
    say(" all told", 9);
    abort();
}

static void large_file(void)
{
    int file = open("large", O_CREAT | O_WRONLY, 0600);
    if (pwrite(file, "x", 1, 1ll << 40) == 1)
        say("wrote", 5);
}

static void litter(void)
{
    static const char *const names[] = {"-rf", " ", "new\nline", "\033[31m", "\xff\xfe", "*", "~",
                                        "results.sqlite", "results.sqlite-wal"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mkdir(names[i], 0) != 0)
            say("?", 1);
    if (mkfifo("fifo", 0) != 0 || symlink("../..", "up") != 0
        || symlink("../../canary", "canary") != 0 || symlink("loop", "loop") != 0)
        abort();
    for (int i = 0; i < 300; i++)
        if (mkdir("deep", 0700) != 0 || chdir("deep") != 0)
            abort();
}

static void wait_at_fifo(void)
{
    mkfifo("fifo", 0600);
    open("fifo", O_RDONLY);
}

static void deafen(void)
{
    sigset_t all;
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_IGN);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
}

static void fault(void)
{
    static int *volatile nowhere;
    *nowhere = 1;
}

/* The handler returns to where it happened, for ever. */
static void handle(int number)
{
    (void)number;
}

static void *sleep_on(void *unused)
{
    (void)unused;
    hang();
    return NULL;
}

static void threads(void)
{
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (int i = 0; i < 500; i++)
        pthread_create(&thread, &small, sleep_on, NULL);
}

static jmp_buf place;

static void remember(void)
{
    if (setjmp(place) != 0)
        abort(); /* a frame that has returned long ago, on another thread */
}

static void overflow_stack(void)
{
    volatile char page[4096];
    page[0] = 1;
    void (*volatile again)(void) = overflow_stack;
    again();
    page[1] = page[0];
}

static void free_twice(void)
{
    void *volatile block = malloc(100000), *volatile same = block;
    free(block);
    free(same);
}

static void alarm_soon(void)
{
    const struct itimerval soon = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    hang();
}

static void change_world(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    umask(0777);
    if (chdir("/") != 0)
        abort();
    setenv("STWLAB_PLUGIN_PATH", "/nowhere", 1);
    setenv("STWLAB_WORKER", "/bin/false", 1);
    setenv("HOME", "/", 1);
    clearenv();
    open("/dev/null", O_RDONLY);
}

static void take_descriptors(void)
{
    while (dup(1) >= 0)
        continue;
}

static void leave_at_exit(void)
{
    _exit(7);
}

static void *keep_lock(void *unused)
{
    flockfile(stdout);
    return sleep_on(unused);
}

static void lock_streams(void)
{
    pthread_t thread;
    puts("unwritten");
    pthread_create(&thread, NULL, keep_lock, NULL);
    usleep(10000);
}

static uint32_t is_last_hang; /* for the destructor */

struct mischief {
    const char *way;
    void (*create)(void), (*merge)(void), (*destroy)(void);
};

#define WAY(name, ...) static void way_##name(void) { __VA_ARGS__; }
WAY(destructor, is_last_hang = 1)
WAY(atexit, atexit(hang))
WAY(status, atexit(leave_at_exit))
WAY(scribble, forge_all(0); _exit(0))
WAY(state, forge(99, 1))
WAY(verdict, forge(4, 1))
WAY(grow, if (ftruncate(3, 1ll << 40) == 0) abort())
WAY(close, close_range(0, 1023, 0))
WAY(deaf, deafen(); hang())
WAY(ignore, deafen(); stack_t off = {.ss_flags = SS_DISABLE}; sigaltstack(&off, NULL); fault())
WAY(return, signal(SIGSEGV, handle); fault())
WAY(term, signal(SIGTERM, SIG_IGN); raise(SIGTERM); hang())
WAY(jump, longjmp(place, 1))
WAY(exit, exit(0))
WAY(sigkill, raise(SIGKILL))
WAY(sigstop, raise(SIGSTOP))
WAY(tracer, prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY))
WAY(thread, pthread_exit(NULL))
WAY(handlers, for (int i = 1; i < NSIG; i++) signal(i, handle))

static const struct mischief all[] = {
    {"destructor", way_destructor, NULL, NULL}, {"atexit", way_atexit, NULL, NULL},
    {"status", way_status, NULL, NULL},         {"flood", NULL, flood, NULL},
    {"paint", NULL, paint, NULL},               {"unmap", NULL, unmap, NULL},
    {"protect", NULL, protect, NULL},           {"scribble", NULL, way_scribble, NULL},
    {"cut", cut, NULL, NULL},                   {"state", NULL, way_state, NULL},
    {"verdict", NULL, way_verdict, NULL},       {"stops", NULL, forge_stops, NULL},
    {"close", way_close, NULL, NULL},           {"share", share, NULL, NULL},
    {"breed", breed, NULL, NULL},               {"daemons", daemons, NULL, NULL},
    {"spy", spy, NULL, NULL},                   {"large", large_file, NULL, NULL},
    {"litter", NULL, NULL, litter},             {"fifo", wait_at_fifo, NULL, NULL},
    {"deaf", way_deaf, NULL, NULL},             {"ignore", NULL, way_ignore, NULL},
    {"return", NULL, way_return, NULL},         {"term", NULL, way_term, NULL},
    {"threads", threads, NULL, NULL},           {"jump", remember, way_jump, NULL},
    {"overflow", overflow_stack, NULL, NULL},   {"twice", NULL, free_twice, NULL},
    {"abort", NULL, NULL, abort},               {"exit", NULL, NULL, way_exit},
    {"sigkill", NULL, way_sigkill, NULL},       {"sigstop", NULL, way_sigstop, NULL},
    {"tracer", way_tracer, NULL, NULL},         {"alarm", alarm_soon, NULL, NULL},
    {"world", change_world, NULL, NULL},        {"descriptors", take_descriptors, NULL, NULL},
    {"thread", NULL, way_thread, NULL},         {"streams", lock_streams, NULL, NULL},
    {"handlers", way_handlers, NULL, NULL},     {"grow", way_grow, NULL, NULL},
};

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    static struct mischief chosen;
    const char *way = stw_config_text(config, "way");
    (void)host, (void)error;
    chosen = (struct mischief){way, NULL, NULL, NULL};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].way, way) == 0)
            chosen = all[i];
    *self = &chosen;
    if (chosen.create)
        chosen.create();
    return STW_OK;
}

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    const struct mischief *chosen = self;
    if (chosen->merge)
        chosen->merge();
    stw_next_merge(next, m, map, entries, first, count);
}

static void destroy(void *self)
{
    const struct mischief *chosen = self;
    if (chosen->destroy)
        chosen->destroy();
}

static void __attribute__((destructor)) end(void)
{
    if (is_last_hang)
        hang();
}

static const struct stw_strategy_ops ops = {
    .struct_size = sizeof ops, .create = create, .destroy = destroy, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "mischief", "Harms its own process")
             STW_PARAM_TEXT("way", "none", "how"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "mischief", &ops));
