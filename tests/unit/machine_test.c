/* unit/machine_test.c: what the kernel tells of the machine is read as it means it, on machines of
 * all sorts, and what is not told stays unknown.
 * Method: folders with files as /proc and /sys have them, written here; the times are worked out by
 * hand from the fields. */
#include "prim/machine.h"
#include "prim/thread.h"
#include "store/environment.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/stwlab-machine-XXXXXX";
static struct stw_machine machine;

static void make_root(void)
{
    cr_assert(mkdtemp(root));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static void remove_root(void)
{
    stw_machine_close(&machine);
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(machine, .init = make_root, .fini = remove_root);

/* A file of the machine, with the folders that it is in. */
static void put(const char *path, const char *content)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *at = whole + sizeof root; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        mkdir(whole, 0700);
        *at = '/';
    }
    FILE *file = fopen(whole, "w");
    cr_assert(file, "%s", whole);
    fputs(content, file);
    fclose(file);
}

static struct stw_machine_times times_now(void)
{
    struct stw_machine_times times;
    stw_machine_close(&machine);
    stw_machine_open(&machine, root);
    stw_machine_read(&machine, &times);
    return times;
}

static uint64_t ticks_ns(uint64_t ticks)
{
    return ticks * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* user nice system idle iowait irq softirq steal guest guest_nice; a guest's time is in the
 * user's. */
#define STAT                                                                                       \
    "cpu  111 222 333 444 555 666 777 888 0 0\n"                                                   \
    "cpu0 100 20 30 4000 500 6 7 8 9 1\n"                                                          \
    "cpu1 1000 0 0 4000 0 0 0 80 0 0\n"                                                            \
    "cpu10 1 1 1 1 1 1 1 1 1 1\n"                                                                  \
    "intr 1 2 3\nctxt 5\n"

Test(machine, adds_up_what_its_processors_did)
{
    put("/proc/stat", STAT);
    struct stw_machine_times times = times_now();
    cr_expect_eq(times.busy_ns, ticks_ns(163 + 1000 + 5));
    cr_expect_eq(times.steal_ns, ticks_ns(89));
}

/* prim.MA2 */
Test(machine, leaves_out_processors_that_are_not_for_this_process)
{
    put("/proc/stat", STAT);
    put("/proc/self/status",
        "Name:\tx\nCpus_allowed:\t401\nCpus_allowed_list:\t0,10-11\nMems:\t1\n");
    struct stw_machine_times times = times_now();
    cr_expect_str_eq(machine.allowed, "0,10-11");
    cr_expect_eq(times.busy_ns, ticks_ns(163 + 5));
    cr_expect_eq(times.steal_ns, ticks_ns(9));
    put("/proc/self/status", "Name:\tx\nCpus_allowed_list:\t1\n");
    cr_expect_eq(times_now().busy_ns, ticks_ns(1000));
}

/* prim.MA1 */
Test(machine, does_not_take_what_is_not_told_for_nothing)
{
    struct stw_machine_times times = times_now();
    cr_expect_eq(times.busy_ns, STW_MACHINE_UNKNOWN);
    cr_expect_eq(times.steal_ns, STW_MACHINE_UNKNOWN);
    cr_expect_eq(times.throttled_ns, STW_MACHINE_UNKNOWN);
    cr_expect_neq(times.own_ns, STW_MACHINE_UNKNOWN);
    cr_expect_eq(stw_machine_running(&machine), STW_MACHINE_UNKNOWN);
    cr_expect_null(stw_machine_watcher(&machine));
    char quota[64];
    cr_expect_eq(stw_machine_quota(&machine, quota, sizeof quota), 0);
}

Test(machine, knows_throttling_and_quotas_of_all_groups_above)
{
    char quota[64];
    put("/proc/self/cgroup", "0::/a/b/\n");
    put("/sys/fs/cgroup/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/a/cpu.max", "50000 100000\n");
    put("/sys/fs/cgroup/a/cpu.stat", "usage_usec 9\nnr_throttled 4\nthrottled_usec 7\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "150000 100000\n");
    put("/sys/fs/cgroup/a/b/cpu.stat", "usage_usec 9\nthrottled_usec 30\n");
    cr_expect_eq(times_now().throttled_ns, 37000);
    cr_expect(stw_machine_quota(&machine, quota, sizeof quota));
    cr_expect_str_eq(quota, "50000 100000");
    put("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    times_now();
    cr_expect_eq(stw_machine_quota(&machine, quota, sizeof quota), 0);
}

/* In a container its own group is the top, under whatever path. */
Test(machine, knows_groups_of_the_first_version)
{
    char quota[64];
    put("/proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/docker/1f\n3:cpuset:/x\n0::/docker/1f\n");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "25000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "50000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.stat", "nr_periods 1\nthrottled_time 1234\n");
    cr_expect_eq(times_now().throttled_ns, 1234);
    cr_expect(stw_machine_quota(&machine, quota, sizeof quota));
    cr_expect_str_eq(quota, "25000 50000");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    cr_expect_eq(stw_machine_quota(&machine, quota, sizeof quota), 0);
}

Test(machine, tells_of_laps_what_happened_since_the_last)
{
    struct stw_machine_lap lap;
    put("/proc/stat", "cpu0 100 0 0 0 0 0 0 50\n");
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/cpu.stat", "throttled_usec 10\n");
    stw_machine_open(&machine, root);
    stw_machine_lap(&machine, &lap);
    cr_expect_eq(lap.wall_ns, 0, "a lap of no time was read");
    put("/proc/stat", "cpu0 110 0 0 0 0 0 0 52\n");
    put("/sys/fs/cgroup/cpu.stat", "throttled_usec 15\n");
    usleep(2 * STW_LAP_NS_MIN / 1000);
    stw_machine_lap(&machine, &lap);
    cr_expect_geq(lap.wall_ns, 2 * STW_LAP_NS_MIN);
    cr_expect_eq(lap.processors, stw_processor_count());
    cr_expect_eq(lap.times.busy_ns, ticks_ns(10));
    cr_expect_eq(lap.times.steal_ns, ticks_ns(2));
    cr_expect_eq(lap.times.throttled_ns, 5000);
    cr_expect_lt(lap.times.own_ns, 1000000000u);
    usleep(2 * STW_LAP_NS_MIN / 1000);
    stw_machine_lap(&machine, &lap);
    cr_expect_eq(lap.times.busy_ns, 0);
}

/* prim.MA1. A processor that leaves takes its time along. */
Test(machine, does_not_know_a_lap_in_which_time_went_back)
{
    struct stw_machine_lap lap;
    put("/proc/stat", "cpu0 100 0 0 0 0 0 0 50\ncpu1 100 0 0 0 0 0 0 0\n");
    stw_machine_open(&machine, root);
    put("/proc/stat", "cpu0 110 0 0 0 0 0 0 52\n");
    usleep(2 * STW_LAP_NS_MIN / 1000);
    stw_machine_lap(&machine, &lap);
    cr_expect_eq(lap.times.busy_ns, STW_MACHINE_UNKNOWN);
    cr_expect_eq(lap.times.steal_ns, ticks_ns(2));
}

Test(machine, counts_its_own_processor_time)
{
    struct stw_machine_lap lap;
    stw_machine_open(&machine, "");
    uint64_t began_ns = stw_clock_process_cpu_ns();
    while (stw_clock_process_cpu_ns() - began_ns < 50000000u)
        ;
    stw_machine_lap(&machine, &lap);
    cr_expect_geq(lap.times.own_ns, 40000000u);
    cr_expect_leq(lap.times.own_ns, 1000000000u);
}

/* What an environment has of keys, "KEY=VALUE;" each. */
static char seen[8192];

static void take(void *context, const char *key, const char *value)
{
    (void)context;
    size_t length = strlen(seen);
    snprintf(seen + length, sizeof seen - length, "%s=%s;", key, value);
}

static void expect_seen(const char *what)
{
    cr_expect(strstr(seen, what), "'%s' lacks '%s'", seen, what);
}

Test(machine, is_told_in_the_environment)
{
    put("/proc/stat", STAT);
    put("/proc/loadavg", "3.20 0.18 0.12 4/80 11206\n");
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/cpu.stat", "throttled_usec 10\n");
    put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
    put("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n");
    put("/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "powersave\n");
    put("/sys/devices/system/cpu/smt/active", "1\n");
    put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    put("/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", "2\n");
    put("/sys/kernel/mm/damon/admin/kdamonds/0/state", "off\n");
    put("/sys/kernel/mm/damon/admin/kdamonds/1/state", "on\n");
    setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=1", 1);
    stw_environment_capture(root, take, NULL);
    expect_seen("running=3;");
    expect_seen("cpu_quota=50000 100000;");
    expect_seen("throttled_ns=10000;");
    expect_seen("governor=powersave, performance;");
    expect_seen("smt=1;");
    expect_seen("thp=always [madvise] never;");
    expect_seen("damon=admin;");
    expect_seen("GLIBC_TUNABLES=glibc.malloc.arena_max=1;");
    cr_expect_null(strstr(seen, "boost="), "%s", seen);
}

Test(machine, is_watched_by_whichever_user_of_damon)
{
    put("/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", "0\n");
    put("/sys/module/damon_reclaim/parameters/enabled", "N\n");
    stw_machine_open(&machine, root);
    cr_expect_null(stw_machine_watcher(&machine));
    put("/sys/module/damon_reclaim/parameters/enabled", "Y\n");
    cr_expect_str_eq(stw_machine_watcher(&machine), "reclaim");
}
