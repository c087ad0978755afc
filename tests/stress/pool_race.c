/* stress/pool_race.c: the pool under real threads, stopped now and then as a collector would do it.
 *
 * Method: four mutators put and take maps of one pool as fast as they can; each map carries an
 * owner word, so that a map given to two mutators at once is seen. Every other time there are no
 * stops, and no map may be lost; else the main thread stops them again and again and runs the cycle
 * hooks. A plain program, so that it also runs under ThreadSanitizer. Rules: pool.P1,
 * pool.P2, pool.P4. */
/* sources: strategies/pool.c */
#include "pool_config.h"
#include "testing/rig.h"

#include "base/check.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define MUTATORS 4u
#define HELD_MAX 40u
#define REPEATS 200u
#define ROUNDS 3000u
#define TAG 77u /* the key under which a map says who has it */

const struct stw_descriptor *stw_plugin_entry_pool(void);

static const struct stw_map_type ints = {sizeof ints, STW_KEY_U64, 8, 0, 0, NULL};
static const struct stw_link *chain_head;
/* Read: running; written: stopped. Writers go first, or there would be no stop. */
static pthread_rwlock_t world = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static uint64_t maps, stops;
static uint32_t running; /* atomic; mutators that have rounds left */

static void claim(struct stw_mutator *m, void *map)
{
    const uint64_t tag = TAG;
    uint64_t value = 0;
    STW_REQUIRE(stw_map_count(chain_head, m, map) == 0);
    uint64_t index = m->index;
    stw_map_assign(chain_head, m, map, &tag, &index);
    STW_REQUIRE(stw_map_find(chain_head, m, map, &tag, &value));
    STW_REQUIRE(value == m->index);
}

static void release(struct stw_mutator *m, void *map)
{
    const uint64_t tag = TAG;
    uint64_t value = 0;
    STW_REQUIRE(stw_map_find(chain_head, m, map, &tag, &value));
    STW_REQUIRE(value == m->index);
    stw_next_done_map(chain_head, m, &ints, map);
}

/* Mutators 0 and 1 fill their rings and empty them, 2 and 3 live on what they steal. */
static void round_of(struct stw_mutator *m, void **held, uint32_t *count, uint32_t round)
{
    const struct stw_map_need need = {sizeof need, 0, &ints, 0, 0};
    uint32_t wanted = m->index < 2 ? (round * 7 + m->index) % HELD_MAX : round % 3;
    while (*count < wanted) {
        held[*count] = stw_next_need_map(chain_head, m, &need);
        claim(m, held[(*count)++]);
    }
    while (*count > wanted)
        release(m, held[--*count]);
}

static void *run(void *context)
{
    struct stw_mutator *m = context;
    void *held[HELD_MAX];
    uint32_t count = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        pthread_rwlock_rdlock(&world);
        round_of(m, held, &count, round);
        pthread_rwlock_unlock(&world);
    }
    pthread_rwlock_rdlock(&world);
    while (count > 0)
        release(m, held[--count]);
    pthread_rwlock_unlock(&world);
    __atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static uint64_t maps_made(void)
{
    return fake_counts()->allocs / 4; /* a map and its arrays; one entry never makes it grow */
}

static uint64_t run_all(int with_stops)
{
    pthread_t threads[MUTATORS];
    uint64_t count = 0;
    running = MUTATORS;
    for (uint32_t i = 0; i < MUTATORS; i++)
        STW_REQUIRE(pthread_create(&threads[i], NULL, run, fake_mutator(i)) == 0);
    while (with_stops && __atomic_load_n(&running, __ATOMIC_SEQ_CST) > 0) {
        usleep(200);
        pthread_rwlock_wrlock(&world);
        fake_run_hooks();
        pthread_rwlock_unlock(&world);
        count++;
    }
    for (uint32_t i = 0; i < MUTATORS; i++)
        pthread_join(threads[i], NULL);
    return count;
}

/* Takes all that the pool has. */
static uint64_t drain(void)
{
    const struct stw_map_need need = {sizeof need, 0, &ints, 0, 0};
    uint64_t taken = 0;
    for (uint32_t i = 0; i < MUTATORS; i++) {
        uint64_t before = maps_made();
        while (claim(fake_mutator(i), stw_next_need_map(chain_head, fake_mutator(i), &need)),
               maps_made() == before)
            taken++;
    }
    return taken;
}

/* A pool of its own each time, because rings grow early in a pool's life. */
static void repeat(int with_stops)
{
    const struct rig_part part = {"pool", stw_plugin_entry_pool(), pool_config()};
    chain_head = rig_new(MUTATORS, &part, 1, NULL);
    stops += run_all(with_stops);
    uint64_t made = maps_made(), found = drain();
    maps += made;
    STW_REQUIRE(with_stops ? found <= made : found == made);
    rig_destroy_parts();
    STW_REQUIRE(fake_root_words() == 0);
    rig_free();
}

int main(void)
{
    for (uint32_t i = 0; i < REPEATS; i++)
        repeat(i % 2);
    printf("pool_race: %llu maps, %llu stops\n", (unsigned long long)maps,
           (unsigned long long)stops);
    STW_REQUIRE(stops > 0);
    return 0;
}
