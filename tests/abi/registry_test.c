/* Registry: what a folder, a file and the default places add, in which order, and what is refused.
 * Method: folders made by the test from copies of plugins, with links, junk and duplicates. */
#include "base/error.h"
#include "host/registry.h"

#include "scratch.h"

static void copy_plugin(const struct scratch *scratch, const char *name, const char *as)
{
    char path[512];
    snprintf(path, sizeof path, STW_TEST_PLUGINS "/%s", name);
    struct image image = read_image(path);
    write_file(scratch_path(scratch, as), image.bytes, image.count);
    free(image.bytes);
}

static void make_folder(const struct scratch *scratch, const char *name)
{
    cr_assert_eq(mkdir(scratch_path(scratch, name), 0700), 0);
}

static void add(struct stw_registry *registry, const char *path)
{
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_registry_add(registry, path, &error), STW_OK, "%s", error.message);
}

static void expect_refusal(struct stw_registry *registry, const char *path, stw_status status,
                           const char *part)
{
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_registry_add(registry, path, &error), status, "%s", path);
    cr_assert_not_null(strstr(error.message, part), "\"%s\" lacks \"%s\"", error.message, part);
}

Test(registry, lists_plugins_by_kind_and_id)
{
    struct stw_registry *registry = stw_registry_new();
    cr_assert_eq(stw_registry_count(registry), 0);
    add(registry, STW_TEST_PLUGINS "/twice.so");
    add(registry, STW_TEST_PLUGINS "/good.so");
    add(registry, STW_TEST_PLUGINS "/older_ops.so");
    cr_assert_eq(stw_registry_count(registry), 4);
    static const char *const ids[] = {"good", "older-ops", "good", "twice"};
    for (uint32_t i = 0; i < 4; i++) {
        const struct stw_plugin_info *info = stw_registry_at(registry, i);
        cr_assert_str_eq(info->id, ids[i]);
        cr_assert_eq(info->kind, i < 2 ? STW_KIND_MAP : STW_KIND_STRATEGY);
        cr_assert_eq(stw_registry_find(registry, info->kind, info->id), info);
    }
    cr_assert_null(stw_registry_find(registry, STW_KIND_WORKLOAD, "good"));
    cr_assert_null(stw_registry_find(registry, STW_KIND_MAP, "zzz"));
    stw_registry_free(registry);
}

/* What was found stays where it is when more is added. */
Test(registry, keeps_addresses)
{
    struct stw_registry *registry = stw_registry_new();
    add(registry, STW_TEST_PLUGINS "/twice.so");
    const struct stw_plugin_info *twice = stw_registry_at(registry, 0);
    add(registry, STW_TEST_PLUGINS "/good.so");
    cr_assert_eq(stw_registry_find(registry, STW_KIND_STRATEGY, "twice"), twice);
    cr_assert_str_eq(twice->id, "twice");
    stw_registry_free(registry);
}

Test(registry, suggests_the_nearest_id_of_the_kind)
{
    struct stw_registry *registry = stw_registry_new();
    cr_assert_null(stw_registry_nearest(registry, STW_KIND_MAP, "good"));
    add(registry, STW_TEST_PLUGINS "/good.so");
    add(registry, STW_TEST_PLUGINS "/twice.so");
    cr_assert_str_eq(stw_registry_nearest(registry, STW_KIND_STRATEGY, "goof"), "good");
    cr_assert_str_eq(stw_registry_nearest(registry, STW_KIND_STRATEGY, "twise"), "twice");
    cr_assert_null(stw_registry_nearest(registry, STW_KIND_MAP, "twice"));
    stw_registry_free(registry);
}

Test(registry, refuses_named_paths_that_are_no_plugins)
{
    struct scratch scratch = scratch_new();
    struct stw_registry *registry = stw_registry_new();
    const char *text = scratch_path(&scratch, "x.so");
    write_file(text, "hello\n", 6);
    expect_refusal(registry, text, STW_E_REFUSED, "/x.so: not an ELF file");
    expect_refusal(registry, "/nowhere", STW_E_IO, "/nowhere: No such file");
    expect_refusal(registry, "", STW_E_IO, "No such file");
    expect_refusal(registry, STW_TEST_PLUGINS "/no_manifest.so", STW_E_REFUSED,
                   "/no_manifest.so: a shared object, but not a plugin");
    cr_assert_eq(stw_registry_count(registry), 0);
    cr_assert_eq(stw_registry_rejected_count(registry), 0);
    stw_registry_free(registry);
    scratch_free(&scratch);
}

/* Two levels; other names, hidden folders and deeper ones are let be. */
Test(registry, searches_folders_two_levels_deep)
{
    struct scratch scratch = scratch_new();
    struct stw_registry *registry = stw_registry_new();
    make_folder(&scratch, "a");
    make_folder(&scratch, "a/b");
    make_folder(&scratch, ".hidden");
    copy_plugin(&scratch, "good.so", "good.so");
    copy_plugin(&scratch, "twice.so", "a/twice.so");
    copy_plugin(&scratch, "older_ops.so", "a/b/too_deep.so");
    copy_plugin(&scratch, "older_ops.so", ".hidden/older.so");
    copy_plugin(&scratch, "older_ops.so", "older.so.1");
    add(registry, scratch.folder);
    cr_assert_eq(stw_registry_count(registry), 3);
    cr_assert_not_null(stw_registry_find(registry, STW_KIND_STRATEGY, "twice"));
    cr_assert_eq(stw_registry_rejected_count(registry), 0);
    stw_registry_free(registry);
    scratch_free(&scratch);
}

Test(registry, remembers_why_files_in_a_folder_were_rejected)
{
    struct scratch scratch = scratch_new();
    struct stw_registry *registry = stw_registry_new();
    copy_plugin(&scratch, "good.so", "good.so");
    copy_plugin(&scratch, "no_manifest.so", "b.so");
    write_file(scratch_path(&scratch, "a.so"), "hello\n", 6);
    cr_assert_eq(mkfifo(scratch_path(&scratch, "c.so"), 0600), 0);
    cr_assert_eq(symlink("nowhere", scratch_path(&scratch, "d.so")), 0);
    add(registry, scratch.folder);
    cr_assert_eq(stw_registry_count(registry), 2);
    cr_assert_eq(stw_registry_rejected_count(registry), 4);
    static const char *const reasons[] = {"not an ELF file", "not a plugin", "not a regular file",
                                          "No such file"};
    for (uint32_t i = 0; i < 4; i++) {
        struct stw_rejected rejected = stw_registry_rejected_at(registry, i);
        char name[8];
        snprintf(name, sizeof name, "/%c.so", 'a' + (int)i);
        cr_assert_not_null(strstr(rejected.path, name), "%s", rejected.path);
        cr_assert_not_null(strstr(rejected.reason, reasons[i]), "%s", rejected.reason);
        cr_assert_null(strstr(rejected.reason, scratch.folder), "%s", rejected.reason);
    }
    /* A refused file that bears the name of what is missing is told, in whatever case. */
    cr_assert_not_null(strstr(stw_registry_suspect(registry, "B")->reason, "not a plugin"));
    cr_assert_null(stw_registry_suspect(registry, "good2"));
    /* Named, it is an error all the same. */
    expect_refusal(registry, scratch_path(&scratch, "a.so"), STW_E_REFUSED, "not an ELF file");
    stw_registry_free(registry);
    scratch_free(&scratch);
}

/* host.R2 */
Test(registry, takes_the_same_file_once)
{
    struct scratch scratch = scratch_new();
    struct stw_registry *registry = stw_registry_new();
    copy_plugin(&scratch, "good.so", "good.so");
    write_file(scratch_path(&scratch, "junk.so"), "hello\n", 6);
    cr_assert_eq(symlink("good.so", scratch_path(&scratch, "link.so")), 0);
    cr_assert_eq(link(scratch_path(&scratch, "good.so"), scratch_path(&scratch, "hard.so")), 0);
    add(registry, scratch.folder);
    add(registry, scratch.folder);
    add(registry, scratch_path(&scratch, "link.so"));
    cr_assert_eq(stw_registry_count(registry), 2);
    cr_assert_eq(stw_registry_rejected_count(registry), 1);
    stw_registry_free(registry);
    scratch_free(&scratch);
}

/* host.R1 */
Test(registry, refuses_one_id_in_two_files)
{
    struct scratch scratch = scratch_new();
    struct stw_registry *registry = stw_registry_new();
    copy_plugin(&scratch, "rival.so", "rival.so");
    add(registry, STW_TEST_PLUGINS "/good.so");
    expect_refusal(registry, scratch_path(&scratch, "rival.so"), STW_E_REFUSED,
                   "/rival.so: strategy \"good\" is in ");
    expect_refusal(registry, scratch.folder, STW_E_REFUSED, "/good.so too");
    cr_assert_eq(stw_registry_count(registry), 2);
    /* A copy is another file. */
    copy_plugin(&scratch, "good.so", "copy.so");
    expect_refusal(registry, scratch_path(&scratch, "copy.so"), STW_E_REFUSED, "/copy.so: ");
    stw_registry_free(registry);
    scratch_free(&scratch);
}

Test(registry, adds_what_the_environment_names)
{
    struct scratch scratch = scratch_new();
    struct stw_registry *registry = stw_registry_new();
    struct stw_error error = STW_ERROR_INIT;
    char places[512];
    make_folder(&scratch, "f");
    copy_plugin(&scratch, "good.so", "f/good.so");
    copy_plugin(&scratch, "twice.so", "t.so");
    snprintf(places, sizeof places, ":%s/f::/nowhere:%s/t.so:", scratch.folder, scratch.folder);
    cr_assert_eq(setenv("STWLAB_PLUGIN_PATH", places, 1), 0);
    cr_assert_eq(stw_registry_add_defaults(registry, &error), STW_OK, "%s", error.message);
    cr_assert_not_null(stw_registry_find(registry, STW_KIND_MAP, "good"));
    cr_assert_not_null(stw_registry_find(registry, STW_KIND_STRATEGY, "twice"));
    stw_registry_free(registry);
    scratch_free(&scratch);
}

Test(registry, needs_no_default_place)
{
    struct stw_registry *registry = stw_registry_new();
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(unsetenv("STWLAB_PLUGIN_PATH"), 0);
    cr_assert_eq(stw_registry_add_defaults(registry, &error), STW_OK, "%s", error.message);
    stw_registry_free(registry);
    stw_registry_free(NULL);
}
