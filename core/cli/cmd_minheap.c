/* cli/cmd_minheap.c: stwlab minheap: the least heap limit in which each cell of an experiment
 * completes.
 *
 * Rounds: each cell of the experiment at the one value of gc.limit that its search asks for next
 * (plan/minheap.h). They are added to one run, which `show` and SQL can look at.
 * A limit is kept when all of a probe's trials are ok and none had more pages than that: gc.limit
 * is soft, the collector works harder and harder to stay below it, and goes beyond it when it
 * cannot. */
#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/cli.h"
#include "plan/minheap.h"
#include "lab/run.h"
#include "plan/heaps.h"
#include "plan/settings.h"
#include "report/json.h"
#include "report/reader.h"
#include "report/table.h"
#include "report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT STW_HEAP_LIMIT
#define NO_LIMIT "0"
#define TRIALS "3" /* of a probe: one may hold a page more or less */
#define PATH_BYTES 4096

static const struct option options[] = {
    {"output", required_argument, NULL, 'o'},
    {"set", required_argument, NULL, 's'},
    {"plugin-path", required_argument, NULL, 'p'},
    {"trials", required_argument, NULL, 'T'},
    {"json", no_argument, NULL, 'j'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* Texts, owned. */
struct list {
    char **items;
    uint32_t count;
};

/* A cell of the experiment, without its limit. */
struct base {
    char *id; /* of its axes but the limit */
    struct stw_minheap search;
    int is_ok; /* without a limit */
};

/* A probe of a base: a cell of the run. */
struct probe {
    uint32_t base;
    uint64_t bytes; /* 0: no limit */
};

struct job {
    const struct stw_command *command;
    const char *ini, *output, *trials;
    struct list overrides, plugin_paths;
    int is_json, quiet;
    char executable[PATH_BYTES];
    struct stw_registry *registry;
    char *made_output; /* owned */
    struct base *bases;
    uint32_t base_count;
    struct probe *probes; /* of all rounds */
    uint32_t probe_count;
    uint32_t round, others; /* cells of other runtimes are left out */
};

static void add(struct list *list, const char *item)
{
    *STW_APPEND(list->items, list->count) = stw_strdup(item);
}

static void free_list(struct list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
}

/* "n=8 strategy=none", without the limit. */
static char *base_id(const struct stw_experiment *e, const struct stw_cell *cell)
{
    struct stw_text id = {0};
    for (uint32_t i = 0; i < e->axis_count; i++)
        if (strcmp(e->axes[i].key, LIMIT) != 0)
            stw_text_add(&id, "%s%s=%s", id.length ? " " : "", e->axes[i].key, cell->values[i]);
    return id.length ? id.bytes : stw_strdup(e->name);
}

static uint32_t find_base(const struct job *job, const char *id)
{
    uint32_t at = 0;
    while (at < job->base_count && strcmp(job->bases[at].id, id) != 0)
        at++;
    return at;
}

static uint64_t limit_of(const struct stw_experiment *e, const struct stw_cell *cell)
{
    struct stw_value value = {0};
    const char *text = stw_cell_value(e, cell, LIMIT);
    stw_param_parse(stw_runtime_param(LIMIT), text ? text : NO_LIMIT, &value, NULL);
    return value.as_u64;
}

/* The probe that a cell of the matrix is, or the count of them. */
static uint32_t find_probe(const struct job *job, const struct stw_experiment *e,
                           const struct stw_cell *cell)
{
    char *id = base_id(e, cell);
    uint32_t base = find_base(job, id), at = 0;
    uint64_t bytes = limit_of(e, cell);
    while (at < job->probe_count
           && (job->probes[at].base != base || job->probes[at].bytes != bytes))
        at++;
    free(id);
    return at;
}

static int by_bytes(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* "axes.gc.limit=0, 4096KiB": those of all probes, each once, ascending. */
static void add_limits(const struct job *job, struct list *overrides)
{
    struct stw_text text = {0};
    uint64_t *bytes = stw_new(job->probe_count + 1, sizeof *bytes);
    for (uint32_t i = 0; i < job->probe_count; i++)
        bytes[i] = job->probes[i].bytes;
    qsort(bytes, job->probe_count, sizeof *bytes, by_bytes);
    stw_text_add(&text, "axes." LIMIT "=" NO_LIMIT);
    for (uint32_t i = 0; i < job->probe_count; i++)
        if (bytes[i] != (i ? bytes[i - 1] : 0))
            stw_text_add(&text, ", %" PRIu64 "KiB", bytes[i] / 1024);
    free(bytes);
    add(overrides, text.bytes);
    stw_text_free(&text);
}

static stw_status read_experiment(const struct job *job, struct stw_experiment *e)
{
    struct stw_text problems = {0}, trials = {0};
    struct list overrides = {0};
    for (uint32_t i = 0; i < job->overrides.count; i++)
        add(&overrides, job->overrides.items[i]);
    stw_text_add(&trials, "experiment.trials=%s", job->trials);
    add(&overrides, trials.bytes);
    add(&overrides, "fixed." STW_HEAP "=" STW_HEAP_OFF); /* multiples of what is looked for */
    add_limits(job, &overrides);
    stw_status status =
        stw_experiment_read(job->ini, (const char *const *)overrides.items, overrides.count,
                            job->registry, NULL, e, &problems);
    if (job->round == 0 || status != STW_OK)
        fputs(stw_text_get(&problems), stderr);
    stw_text_free(&problems);
    stw_text_free(&trials);
    free_list(&overrides);
    return status;
}

/* The first round: each cell that the lab itself carries out, without a limit. */
static void find_bases(struct job *job, const struct stw_matrix *matrix)
{
    for (uint32_t i = 0; i < matrix->cell_count; i++) {
        const struct stw_cell *cell = &matrix->cells[i];
        int is_ours = strcmp(stw_cell_runtime(matrix->experiment, cell), "stwlab") == 0;
        job->others += !is_ours;
        if (cell->excluded || !is_ours)
            continue;
        *STW_APPEND(job->bases, job->base_count) =
            (struct base){.id = base_id(matrix->experiment, cell)};
        *STW_APPEND(job->probes, job->probe_count) = (struct probe){job->base_count - 1, 0};
    }
}

static int keep_probes(const struct job *job, struct stw_matrix *matrix)
{
    uint8_t *is_kept = stw_new(matrix->cell_count, sizeof *is_kept);
    int is_any = 0;
    for (uint32_t i = 0; i < matrix->cell_count; i++) {
        const struct stw_cell *cell = &matrix->cells[i];
        is_kept[i] = !cell->excluded
                  && find_probe(job, matrix->experiment, cell) < job->probe_count;
        is_any |= is_kept[i];
    }
    if (is_any)
        stw_matrix_keep(matrix, is_kept);
    free(is_kept);
    return is_any;
}

/* What the round's trials have come to. */
struct reading {
    struct job *job;
    const struct stw_matrix *matrix;
    uint32_t first; /* probe of the round; those before are known */
};

/* A row: cell, how many trials, how many of them ok, most bytes of pages. */
static void take_probe(sqlite3_stmt *row, void *context)
{
    const struct reading *reading = context;
    struct job *job = reading->job;
    const struct stw_cell *cell = &reading->matrix->cells[sqlite3_column_int64(row, 0)];
    uint32_t at = find_probe(job, reading->matrix->experiment, cell);
    if (at < reading->first || at >= job->probe_count)
        return;
    struct base *base = &job->bases[job->probes[at].base];
    uint64_t bytes = job->probes[at].bytes, peak = (uint64_t)sqlite3_column_int64(row, 3);
    int is_ok = sqlite3_column_int64(row, 1) == sqlite3_column_int64(row, 2)
             && sqlite3_column_type(row, 3) != SQLITE_NULL;
    if (bytes) {
        stw_minheap_note(&base->search, is_ok && peak <= bytes);
    } else if (is_ok) {
        base->is_ok = 1;
        stw_minheap_begin(&base->search, peak);
    }
}

static stw_status read_round(struct job *job, const struct stw_matrix *matrix, uint32_t first,
                             struct stw_error *error)
{
    static const char sql[] =
        "SELECT t.cell, count(*), sum(t.outcome = 'ok'), max(k.value) FROM trials t"
        " LEFT JOIN counters k ON k.cell = t.cell AND k.trial = t.trial"
        "  AND k.name = 'heap.pages_peak_bytes' GROUP BY t.cell ORDER BY t.cell";
    struct reading reading = {job, matrix, first};
    struct stw_reader reader;
    stw_status status = stw_reader_open(job->output, &reader, error);
    if (status == STW_OK)
        status = stw_reader_query(&reader, sql, NULL, take_probe, &reading);
    stw_reader_close(&reader);
    return status;
}

static stw_status run_round(struct job *job, const struct stw_matrix *matrix, uint32_t first,
                            int *is_interrupted, struct stw_error *error)
{
    struct stw_run_result result;
    const struct stw_run_options run = {.run_path = job->output, .executable = job->executable,
                                        .resume = job->round > 0, .quiet = job->quiet};
    STW_TRY(stw_run_matrix(matrix, job->registry, &run, &result, error));
    *is_interrupted = result.interrupted;
    return result.interrupted ? STW_OK : read_round(job, matrix, first, error);
}

/* The limits of the next round. Returns how many. */
static uint32_t plan_round(struct job *job)
{
    uint32_t before = job->probe_count;
    for (uint32_t i = 0; i < job->base_count; i++) {
        uint64_t bytes = job->bases[i].is_ok ? stw_minheap_next(&job->bases[i].search) : 0;
        if (bytes)
            *STW_APPEND(job->probes, job->probe_count) = (struct probe){i, bytes};
    }
    return job->probe_count - before;
}

/* Beside where `stwlab run` puts the experiment. */
static void name_output(struct job *job, const char *name)
{
    struct stw_text path = {0};
    if (job->output)
        return;
    stw_text_add(&path, "runs/%s-minheap", name);
    job->output = job->made_output = path.bytes;
}

/* One round; the first finds the cells. Returns an exit status. */
static int do_round(struct job *job, uint32_t first, int *is_interrupted)
{
    struct stw_experiment experiment = {0};
    struct stw_matrix matrix = {0};
    struct stw_error error = STW_ERROR_INIT;
    int exit_status = STW_EXIT_BAD_INPUT;
    stw_status status = read_experiment(job, &experiment);
    if (status == STW_OK) {
        name_output(job, experiment.name);
        status = stw_matrix_build(&experiment, NULL, &matrix, &error);
        if (status == STW_OK && job->round == 0)
            find_bases(job, &matrix);
        if (status == STW_OK && !keep_probes(job, &matrix))
            status = stw_error_set(&error, STW_E_INVALID, NULL, "%s: no cell runs in the lab "
                                   "itself; other runtimes do not tell what their heap takes",
                                   job->ini);
        if (status == STW_OK)
            status = run_round(job, &matrix, first, is_interrupted, &error);
        exit_status = status == STW_OK ? STW_EXIT_DONE : stw_cli_failure(job->command, &error);
    }
    stw_matrix_free(&matrix);
    stw_experiment_free(&experiment);
    return exit_status;
}

static void print_table(const struct job *job, struct stw_text *text)
{
    struct stw_table table = {0};
    static const char *const headers[] = {"least\nheap", "without\na limit", "probes"};
    stw_table_column(&table, "cell", STW_TABLE_LEFT);
    for (uint32_t i = 0; i < 3; i++)
        stw_table_column(&table, headers[i], STW_TABLE_RIGHT);
    stw_table_column(&table, "note", STW_TABLE_ALARM);
    for (uint32_t i = 0; i < job->base_count; i++) {
        const struct base *base = &job->bases[i];
        char number[16];
        stw_table_row(&table);
        stw_table_set(&table, 0, base->id);
        if (!base->is_ok) {
            stw_table_set(&table, 4, "not ok without a limit");
            continue;
        }
        snprintf(number, sizeof number, "%" PRIu32, base->search.probes);
        stw_table_set(&table, 1, stw_format_bytes(stw_minheap_least(&base->search)).text);
        stw_table_set(&table, 2, stw_format_bytes(base->search.peak_bytes).text);
        stw_table_set(&table, 3, number);
    }
    stw_table_print(&table, 0, text);
    stw_table_free(&table);
}

static void print_json(const struct job *job)
{
    struct stw_json json = stw_json_to_file(stdout, 1);
    stw_json_array_begin(&json);
    for (uint32_t i = 0; i < job->base_count; i++) {
        const struct base *base = &job->bases[i];
        stw_json_object_begin(&json);
        stw_json_key(&json, "id");
        stw_json_string(&json, base->id);
        stw_json_key(&json, "least_bytes");
        if (base->is_ok)
            stw_json_u64(&json, stw_minheap_least(&base->search));
        else
            stw_json_null(&json);
        stw_json_key(&json, "peak_bytes");
        if (base->is_ok)
            stw_json_u64(&json, base->search.peak_bytes);
        else
            stw_json_null(&json);
        stw_json_key(&json, "probes");
        stw_json_u64(&json, base->search.probes);
        stw_json_object_end(&json);
    }
    stw_json_array_end(&json);
    stw_json_finish(&json);
}

/* Cells that are not ok without a limit make the exit status. */
static int report(const struct job *job)
{
    struct stw_text text = {0};
    uint32_t failed = 0;
    for (uint32_t i = 0; i < job->base_count; i++)
        failed += !job->bases[i].is_ok;
    if (job->is_json) {
        print_json(job);
        return failed ? STW_EXIT_NOT_OK : STW_EXIT_DONE;
    }
    print_table(job, &text);
    stw_text_add(&text, "\n%s trial%s a probe, at limits 9 %% apart; all probes are in %s\n",
                 job->trials, strcmp(job->trials, "1") == 0 ? "" : "s", job->output);
    if (job->others)
        stw_text_add(&text, "%" PRIu32 " cell%s of other runtimes left out\n", job->others,
                     stw_plural(job->others));
    fputs(text.bytes, stdout);
    stw_text_free(&text);
    return failed ? STW_EXIT_NOT_OK : STW_EXIT_DONE;
}

static int search(struct job *job)
{
    int is_interrupted = 0, exit_status = STW_EXIT_DONE;
    uint32_t first = 0;
    for (;; job->round++) {
        if (!job->quiet && job->round)
            fprintf(stderr, "stwlab minheap: round %" PRIu32 ": %" PRIu32 " cell%s\n", job->round,
                    job->probe_count - first, stw_plural(job->probe_count - first));
        exit_status = do_round(job, first, &is_interrupted);
        if (exit_status != STW_EXIT_DONE)
            return exit_status;
        if (is_interrupted) {
            fprintf(stderr, "stwlab minheap: interrupted; it cannot go on from there: begin anew "
                            "with another -o\n");
            return STW_EXIT_NOT_OK;
        }
        first = job->probe_count;
        if (!plan_round(job))
            return report(job);
    }
}

static int load(struct job *job)
{
    struct stw_error error = STW_ERROR_INIT;
    int status = stw_cli_plugins(job->command, (const char *const *)job->plugin_paths.items,
                                 job->plugin_paths.count, &job->registry);
    if (status != STW_EXIT_DONE)
        return status;
    return stw_cli_worker(job->executable, sizeof job->executable, &error) == STW_OK
        ? STW_EXIT_DONE : stw_cli_failure(job->command, &error);
}

static int parse(struct job *job, int argument_count, char **arguments)
{
    int option;
    while ((option = stw_cli_next(job->command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG || option == 'h')
            return option;
        if (option == 'o')
            job->output = optarg;
        if (option == 's')
            add(&job->overrides, optarg);
        if (option == 'p')
            add(&job->plugin_paths, optarg);
        if (option == 'T')
            job->trials = optarg;
        job->is_json |= option == 'j';
        job->quiet |= option == 'q';
    }
    if (optind == argument_count)
        stw_cli_usage_error(job->command, "which experiment? FILE.ini is missing");
    else if (optind + 1 < argument_count)
        stw_cli_usage_error(job->command, "one experiment at a time: '%s' is too much",
                            arguments[optind + 1]);
    else if (job->output && !*job->output)
        stw_cli_usage_error(job->command, "option --output is empty");
    else if (!*job->trials || job->trials[strspn(job->trials, "0123456789")])
        stw_cli_usage_error(job->command, "--trials is a number here");
    else
        job->ini = arguments[optind];
    return job->ini ? STW_CLI_END : STW_CLI_WRONG;
}

static int run_minheap(const struct stw_command *command, int argument_count, char **arguments)
{
    struct job job = {.command = command, .trials = TRIALS};
    int status = STW_EXIT_BAD_INPUT, parsed = parse(&job, argument_count, arguments);
    if (parsed == 'h')
        status = stw_cli_help(command);
    else if (parsed == STW_CLI_END && (status = load(&job)) == STW_EXIT_DONE)
        status = search(&job);
    for (uint32_t i = 0; i < job.base_count; i++)
        free(job.bases[i].id);
    free(job.bases);
    free(job.probes);
    free(job.made_output);
    free_list(&job.overrides);
    free_list(&job.plugin_paths);
    if (job.registry)
        stw_registry_free(job.registry);
    return status;
}

const struct stw_command stw_command_minheap = {
    .name = "minheap",
    .summary = "the least heap limit in which each cell of an experiment completes",
    .help = "usage: stwlab minheap [OPTION]... FILE.ini\n\n"
            "  -o, --output RUN           the run of all probes; without it\n"
            "                             runs/<experiment's name>-minheap\n"
            "      --set SECTION.KEY=VALUE  in place of, or besides, the file's; repeatable\n"
            "      --plugin-path PATH     a plugin or folder besides the default ones; repeatable\n"
            "      --trials N             trials of a probe; default 3\n"
            "      --json                 an array of cells\n"
            "      --quiet                no progress\n"
            "  -h, --help                 this text\n\n"
            "Each cell runs without gc.limit, and then with limits that a search by halving\n"
            "chooses. A limit is kept when all trials of a probe are ok, and none had more\n"
            "bytes of pages than it allows. Ctrl-C ends the search.\n",
    .short_options = ":o:h",
    .options = options,
    .run = run_minheap,
};
