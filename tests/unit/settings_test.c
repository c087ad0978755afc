/* unit/settings_test.c: the runtime's settings, and a cell's settings as a worker reads them.
 *
 * Method: settings texts are parsed and asked for values; plugin configurations are built from the
 * manifests of the fixture plugins. */
#include "fixture_registry.h"
#include "gc/gc.h"
#include "plan/settings.h"

static struct stw_settings parse(const char *text)
{
    struct stw_settings settings;
    stw_settings_parse(text, &settings);
    return settings;
}

Test(settings, parses_lines)
{
    struct stw_settings s = parse("n\t5\ntext\ta\tb = c\nempty\t\nno tab\nlast\tx");
    cr_assert_eq(s.count, 4);
    cr_assert_str_eq(stw_settings_get(&s, "n"), "5");
    cr_assert_str_eq(stw_settings_get(&s, "text"), "a\tb = c");
    cr_assert_str_empty(stw_settings_get(&s, "empty"));
    cr_assert_str_eq(stw_settings_get(&s, "last"), "x");
    cr_assert_null(stw_settings_get(&s, "no tab"));
    stw_settings_free(&s);
    s = parse("");
    cr_assert_eq(s.count, 0);
    stw_settings_free(&s);
}

Test(settings, runtime_defaults_are_valid)
{
    struct stw_settings none = parse("");
    for (uint32_t i = 0; i < stw_runtime_param_count; i++) {
        const struct stw_param *p = &stw_runtime_params[i];
        struct stw_value value = stw_settings_runtime(&none, p->name);
        cr_assert_str_eq(value.name, p->name);
        cr_assert_eq(value.type, p->type);
        cr_assert_eq(stw_runtime_param(p->name), p);
        cr_assert(p->help[0]);
    }
    cr_assert_null(stw_runtime_param("nothing"));
    cr_assert_str_eq(stw_settings_runtime(&none, "allocator").as_text, "go");
    cr_assert_str_eq(stw_settings_runtime(&none, "map").as_text, "go-buckets");
    cr_assert_str_eq(stw_settings_runtime(&none, "strategy").as_text, "none");
    cr_assert_str_eq(stw_settings_runtime(&none, "gogc").as_text, "100");
    cr_assert_str_eq(stw_settings_runtime(&none, "gc.mode").as_text, "concurrent");
    cr_assert_eq(stw_settings_runtime(&none, "gc.mode").choice, 1);
    cr_assert_eq(stw_settings_runtime(&none, "mutators").as_u64, 1);
    cr_assert_eq(stw_settings_runtime(&none, "heap.reserve").as_u64, 64ull << 30);
    cr_assert_eq(stw_settings_runtime(&none, "audit").as_u64, 0);
}

/* What the collector is given is the number of the word. */
Test(settings, choices_are_what_the_collector_knows)
{
    static const struct { const char *text, *key; uint32_t choice; } rows[] = {
        {"gc.mode\tstw\n", "gc.mode", STW_MODE_STW},
        {"gc.mode\tconcurrent\n", "gc.mode", STW_MODE_CONCURRENT},
        {"gc.mode\trescan\n", "gc.mode", STW_MODE_RESCAN},
        {"schedule\tthreads\n", "schedule", 0},
        {"schedule\tstepped\n", "schedule", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stw_settings s = parse(rows[i].text);
        cr_expect_eq(stw_settings_runtime(&s, rows[i].key).choice, rows[i].choice, "%s",
                     rows[i].text);
        stw_settings_free(&s);
    }
}

Test(settings, runtime_values_come_from_the_text)
{
    struct stw_settings s = parse("gc.mode\tstw\nmutators\t4\nheap.reserve\t1GiB\naudit\ttrue\n"
                                  "strategy\ta + b\n");
    cr_assert_str_eq(stw_settings_runtime(&s, "gc.mode").as_text, "stw");
    cr_assert_eq(stw_settings_runtime(&s, "mutators").as_u64, 4);
    cr_assert_eq(stw_settings_runtime(&s, "heap.reserve").as_u64, 1ull << 30);
    cr_assert_eq(stw_settings_runtime(&s, "audit").as_u64, 1);
    cr_assert_str_eq(stw_settings_runtime(&s, "strategy").as_text, "a + b");
    stw_settings_free(&s);
}

Test(settings, knows_whose_a_name_is)
{
    cr_assert(stw_runtime_param("gogc"));
    cr_assert_not(stw_runtime_param("n"));
    cr_assert(stw_is_experiment_name("seed"));
    cr_assert(stw_is_experiment_name("workload"));
    cr_assert(stw_is_experiment_name("experiment"));
    cr_assert_not(stw_is_experiment_name("n"));
    cr_assert(stw_is_plugin_name("strategy.pool.size"));
    cr_assert(stw_is_plugin_name("map.x"));
    cr_assert_not(stw_is_plugin_name("map"));
    cr_assert_not(stw_is_plugin_name("gc.depth"));
}

static void expect_bad_gogc(const char *text)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_text expected = {0};
    int32_t percent = 7;
    stw_text_add(&expected, "\"%s\" is neither \"off\" nor a percentage from 0 to 1000000", text);
    cr_assert_eq(stw_gogc_parse(text, &percent, &error), STW_E_INVALID);
    cr_assert_str_eq(error.message, expected.bytes);
    cr_assert_eq(percent, 7);
    stw_text_free(&expected);
}

Test(settings, reads_gogc)
{
    int32_t percent = 7;
    cr_assert_eq(stw_gogc_parse("off", &percent, NULL), STW_OK);
    cr_assert_eq(percent, STW_GC_OFF);
    cr_assert_eq(stw_gogc_parse("0", &percent, NULL), STW_OK);
    cr_assert_eq(percent, 0);
    cr_assert_eq(stw_gogc_parse("1000000", &percent, NULL), STW_OK);
    cr_assert_eq(percent, 1000000);
    expect_bad_gogc("1000001");
    expect_bad_gogc("-1");
    expect_bad_gogc("");
    expect_bad_gogc("Off");
    expect_bad_gogc("50x");
}

Test(settings, configures_a_workload)
{
    struct stw_registry *registry = fixture_registry();
    const struct stw_plugin_info *info =
        stw_registry_find(registry, STW_KIND_WORKLOAD, "fixture-work");
    struct stw_settings s = parse("n\t64\nsource\t/a b\nshape\tstring\ndeep\ttrue\nfill\t0.25\n");
    struct stw_error error = STW_ERROR_INIT;
    struct stw_config config;
    cr_assert_eq(stw_settings_config(&s, info, "", &config, &error), STW_OK);
    cr_assert_eq(config.value_count, info->param_count);
    cr_assert_eq(stw_config_u64(&config, "n"), 64);
    cr_assert_eq(stw_config_u64(&config, "room"), 65536);
    cr_assert_eq(stw_config_u64(&config, "rest"), 1000000);
    cr_assert_eq(stw_config_get(&config, "ratio")->as_f64, 0.5);
    cr_assert_eq(stw_config_u64(&config, "deep"), 1);
    cr_assert_str_eq(stw_config_text(&config, "source"), "/a b");
    cr_assert_str_eq(stw_config_text(&config, "shape"), "string");
    cr_assert_eq(stw_config_get(&config, "shape")->choice, 1);
    stw_config_free(&config);
    cr_assert_eq(config.value_count, 0);
    stw_settings_free(&s);
    stw_registry_free(registry);
}

Test(settings, configures_a_plugin_by_its_prefix)
{
    struct stw_registry *registry = fixture_registry();
    const struct stw_plugin_info *info =
        stw_registry_find(registry, STW_KIND_STRATEGY, "fixture-a");
    struct stw_settings s = parse("chunk\t1\nstrategy.fixture-b.chunk\t2\n"
                                  "strategy.fixture-a.chunk\t3\n");
    struct stw_error error = STW_ERROR_INIT;
    struct stw_config config;
    cr_assert_eq(stw_settings_config(&s, info, "strategy.fixture-a.", &config, &error), STW_OK);
    cr_assert_eq(stw_config_u64(&config, "chunk"), 3);
    cr_assert_str_eq(stw_config_text(&config, "label"), "plain");
    stw_config_free(&config);
    stw_settings_free(&s);
    stw_registry_free(registry);
}

Test(settings, refuses_a_bad_value_by_its_key)
{
    struct stw_registry *registry = fixture_registry();
    const struct stw_plugin_info *info =
        stw_registry_find(registry, STW_KIND_STRATEGY, "fixture-a");
    struct stw_settings s = parse("strategy.fixture-a.chunk\t0\n");
    struct stw_error error = STW_ERROR_INIT;
    struct stw_config config;
    cr_assert_eq(stw_settings_config(&s, info, "strategy.fixture-a.", &config, &error),
                 STW_E_INVALID);
    cr_assert_str_eq(error.field, "chunk");
    cr_assert_eq(strncmp(error.message, "strategy.fixture-a.chunk: ", 26), 0);
    stw_settings_free(&s);
    stw_registry_free(registry);
}
