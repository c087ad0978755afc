/* bench/limits.c: what this machine allows: the two quantities that bound marking and stopping.
 *
 * Marking reads every live byte once, so no full mark is faster than reading the heap. A stop tells
 * another processor that it should stop, and is told that it did: one cache line there and one
 * back. `./lab bench` prints both below its rows. Each is the best of several rounds: a bound is
 * what is possible, and in some rounds the system has both threads on one processor. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 9u
#define HAND_OVERS 20000u
#define BUFFER_WORDS ((uint64_t)64 << 20) /* 512 MiB: far more than any cache */
#define READERS 2u

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A cache line that two threads hand to each other: odd: it is the second's turn. */
static _Alignas(128) uint64_t turn;

static void *hand_back(void *unused)
{
    for (uint64_t i = 1; i <= 2 * (uint64_t)HAND_OVERS * ROUNDS; i += 2) {
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != i)
            __builtin_ia32_pause();
        __atomic_store_n(&turn, i + 1, __ATOMIC_RELEASE);
    }
    return unused;
}

/* The shortest round of hand-overs, in ns for one there and back. */
static double hand_over_ns(void)
{
    pthread_t other;
    uint64_t best = UINT64_MAX, at = 0;
    if (pthread_create(&other, NULL, hand_back, NULL))
        return 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint64_t from = now_ns();
        for (uint32_t i = 0; i < HAND_OVERS; i++, at += 2) {
            __atomic_store_n(&turn, at + 1, __ATOMIC_RELEASE);
            while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != at + 2)
                __builtin_ia32_pause();
        }
        uint64_t took = now_ns() - from;
        best = took < best ? took : best;
    }
    pthread_join(other, NULL);
    return (double)best / HAND_OVERS;
}

struct reader {
    const uint64_t *words;
    uint64_t sum;
};

static void *read_all(void *context)
{
    struct reader *reader = context;
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (uint64_t i = 0; i < BUFFER_WORDS / READERS; i += 4) {
        a += reader->words[i];
        b += reader->words[i + 1];
        c += reader->words[i + 2];
        d += reader->words[i + 3];
    }
    reader->sum = a + b + c + d;
    return NULL;
}

/* The fastest round, in bytes a second by both threads. */
static double read_bytes_per_s(const uint64_t *words)
{
    uint64_t best = UINT64_MAX;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct reader readers[READERS];
        pthread_t threads[READERS];
        uint64_t from = now_ns();
        for (uint32_t i = 0; i < READERS; i++) {
            readers[i] = (struct reader){words + i * (BUFFER_WORDS / READERS), 0};
            if (pthread_create(&threads[i], NULL, read_all, &readers[i]))
                return 0;
        }
        for (uint32_t i = 0; i < READERS; i++)
            pthread_join(threads[i], NULL);
        uint64_t took = now_ns() - from;
        best = took < best ? took : best;
    }
    return (double)BUFFER_WORDS * 8 / ((double)best / 1e9);
}

int main(void)
{
    uint64_t *words = malloc(BUFFER_WORDS * 8);
    if (!words) {
        fprintf(stderr, "limits: no memory\n");
        return 3;
    }
    memset(words, 1, BUFFER_WORDS * 8);
    printf("limit: a cache line to the other processor and back: %.0f ns\n", hand_over_ns());
    printf("limit: memory read by two threads: %.2f GB/s\n", read_bytes_per_s(words) / 1e9);
    free(words);
    return 0;
}
