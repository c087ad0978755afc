/* peers/bdwgc/bdwgc.c: carries out the workload `tree` on the Boehm-Demers-Weiser collector: one
 * trial, as the lab's worker does it.
 *
 *   bdwgc WORKLOAD KEY=VALUE...     prints the record (experiments/peers/go/record.go describes it)
 *   bdwgc version                   prints "bdwgc 8.2.2"
 *   bdwgc describe                  says what it can do (core/plan/peer_describe.c)
 *
 * The collector is set up as is best for it: pointers into the middle of objects do not count,
 * because the tree has none, so that a node takes 16 bytes and not 32; and GC_MARKERS threads mark,
 * the one that collects included. A library that cannot do that is an error, not a slower result.
 * Its sweep is lazy: what follows a full mark is not part of an operation.
 * Threads: one mutator; the collector's own. */
#define GC_THREADS
#include <gc.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STOPS_MAX 65536u /* recorded; later ones are not */

struct node {
    struct node *left, *right; /* both null in a leaf */
};

struct stop {
    uint64_t total_ns, stopping_ns;
};

static struct stop stops[STOPS_MAX];
static uint64_t stop_count, stop_began_ns, stop_reached_ns;
static struct node *root; /* static data is scanned */

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(2);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Called by the collecting thread, with the collector's lock held. */
static void note_event(GC_EventType event)
{
    if (event == GC_EVENT_PRE_STOP_WORLD)
        stop_began_ns = now_ns();
    else if (event == GC_EVENT_POST_STOP_WORLD)
        stop_reached_ns = now_ns();
    else if (event == GC_EVENT_POST_START_WORLD && stop_count < STOPS_MAX)
        stops[stop_count++] =
            (struct stop){now_ns() - stop_began_ns, stop_reached_ns - stop_began_ns};
}

static const char *parameter(int count, char **arguments, const char *key)
{
    size_t length = strlen(key);
    for (int i = 0; i < count; i++)
        if (strncmp(arguments[i], key, length) == 0 && arguments[i][length] == '=')
            return arguments[i] + length + 1;
    fprintf(stderr, "parameter %s is missing\n", key);
    exit(2);
}

static uint64_t number(int count, char **arguments, const char *key)
{
    return strtoull(parameter(count, arguments, key), NULL, 10);
}

/* The markers that the environment asks for; what the collector makes of it must be the same. */
static void start_collector(void)
{
    const char *text = getenv("GC_MARKERS");
    unsigned markers = text ? (unsigned)strtoul(text, NULL, 10) : 0;
    GC_set_all_interior_pointers(0);
    GC_set_markers_count(markers);
    GC_INIT();
    GC_start_mark_threads();
    if (markers && (unsigned)GC_get_parallel() + 1 != markers)
        fail("the library does not mark with as many threads as it was told to");
    GC_set_on_collection_event(note_event);
}

static struct node *build(uint64_t depth)
{
    struct node *made = GC_MALLOC(sizeof *made);
    if (!made)
        fail("out of memory");
    if (depth > 0) {
        made->left = build(depth - 1);
        made->right = build(depth - 1);
    }
    return made;
}

/* A bijection of 64 bits (Steele, Lea, Flood 2014: SplitMix64's output function). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

static uint64_t fold(const struct node *at)
{
    return at->left ? mix(3 * fold(at->left) + fold(at->right)) : mix(1);
}

/* How far the collector was at a moment. */
struct moment {
    uint64_t stops, cycles;
};

static struct moment so_far(void)
{
    return (struct moment){stop_count, GC_get_gc_no()};
}

static const char *phase_of(uint64_t stop, const struct moment *began, const struct moment *ended)
{
    return stop < began->stops ? "setup" : stop < ended->stops ? "timed" : "after";
}

static void report(const uint64_t *ends_ns, uint64_t operations, const struct moment *began,
                   const struct moment *ended)
{
    for (uint64_t i = 0; i < operations; i++)
        printf("op %" PRIu64 "\n", ends_ns[i + 1] - ends_ns[i]);
    printf("time %" PRIu64 " %" PRIu64 "\n", ends_ns[0], ends_ns[operations]);
    printf("checksum %" PRIx64 "\n", fold(root) + operations);
    for (uint64_t i = 0; i < stop_count; i++)
        printf("pause %" PRIu64 " %" PRIu64 " %s\n", stops[i].total_ns, stops[i].stopping_ns,
               phase_of(i, began, ended));
    printf("counter gc.cycles %" PRIu64 "\n", ended->cycles);
    printf("counter setup.cycles %" PRIu64 "\n", began->cycles);
    printf("counter timed.cycles %" PRIu64 "\n", ended->cycles - began->cycles);
    printf("counter gc.forced %" PRIu64 "\n", operations);
    printf("counter bdwgc.markers %d\n", GC_get_parallel() + 1);
    printf("counter bdwgc.heap_bytes %zu\ndone\n", GC_get_heap_size());
}

static void describe(void)
{
    puts("workload tree\nstrategy none\n"
         "setting runtime\nsetting strategy\nsetting mutators\nsetting gc.processors\n"
         "mutators_max 1\nfact gc.cycles\nfact setup.cycles\nfact timed.cycles\nfact gc.forced\n"
         "fact bdwgc.markers||none|neither|threads that mark, the one that collects included\n"
         "fact bdwgc.heap_bytes|bytes|none|less|the heap at the end\nend");
}

static void run_tree(int count, char **arguments)
{
    uint64_t operations = number(count, arguments, "operations");
    uint64_t *ends_ns = calloc(operations + 1, sizeof *ends_ns);
    if (!ends_ns)
        fail("out of memory");
    root = build(number(count, arguments, "depth"));
    struct moment began = so_far();
    ends_ns[0] = now_ns();
    for (uint64_t i = 0; i < operations; i++) {
        GC_gcollect();
        ends_ns[i + 1] = now_ns();
    }
    struct moment ended = so_far();
    report(ends_ns, operations, &began, &ended);
    free(ends_ns);
}

int main(int count, char **arguments)
{
    unsigned version = GC_get_version();
    if (count < 2)
        fail("usage: bdwgc WORKLOAD KEY=VALUE...");
    if (strcmp(arguments[1], "version") == 0) {
        printf("bdwgc %u.%u.%u\n", version >> 16, version >> 8 & 255, version & 255);
        return 0;
    }
    if (strcmp(arguments[1], "describe") == 0) {
        describe();
        return 0;
    }
    if (strcmp(arguments[1], "tree") != 0)
        fail("the bdwgc program has only the workload tree");
    if (number(count, arguments, "mutators") != 1)
        fail("the bdwgc program has one mutator");
    start_collector();
    run_tree(count - 2, arguments + 2);
    return 0;
}
