/* unit/ini_test.c: the INI reader closes every trap of inih (plan.I1-I4).
 *
 * Method: small files, hostile ones included, are written and read; the list of entries and the
 * exact text of all problems, line numbers included, are compared. No plugins are needed. */
#include "plan/ini.h"

#include "ini_file.h"

#include <ini.h>

struct outcome {
    char *entries; /* "line [section] key=value\n"; "(unusable)" for a null value */
    char *problems;
};

static struct outcome read_bytes(const void *bytes, size_t length, const char *const *overrides)
{
    struct ini_file file = ini_file_make(bytes, length);
    struct stw_ini ini = {0};
    struct stw_problems problems = {.path = file.path};
    struct stw_text entries = {0}, text = {0};
    stw_ini_read(&ini, &problems);
    for (; overrides && *overrides; overrides++)
        stw_ini_override(&ini, *overrides, &problems);
    for (uint32_t i = 0; i < ini.entry_count; i++) {
        const struct stw_ini_entry *e = &ini.entries[i];
        stw_text_add(&entries, "%d [%s] %s=%s\n", e->line, e->section, e->key,
                     e->value ? e->value : "(unusable)");
    }
    stw_problems_write(&problems, &text);
    struct outcome outcome = {stw_strdup(stw_text_get(&entries)),
                              ini_file_generalise(&file, stw_text_get(&text))};
    stw_problems_free(&problems);
    stw_ini_free(&ini);
    stw_text_free(&entries);
    stw_text_free(&text);
    unlink(file.path);
    return outcome;
}

static void outcome_free(struct outcome *outcome)
{
    free(outcome->entries);
    free(outcome->problems);
}

static void expect_bytes(const void *bytes, size_t length, const char *entries,
                         const char *problems)
{
    struct outcome outcome = read_bytes(bytes, length, NULL);
    cr_assert_str_eq(outcome.problems, problems);
    cr_assert_str_eq(outcome.entries, entries);
    outcome_free(&outcome);
}

static void expect(const char *text, const char *entries, const char *problems)
{
    expect_bytes(text, strlen(text), entries, problems);
}

static void expect_set(const char *text, const char *const *overrides, const char *entries,
                       const char *problems)
{
    struct outcome outcome = read_bytes(text, strlen(text), overrides);
    cr_assert_str_eq(outcome.problems, problems);
    cr_assert_str_eq(outcome.entries, entries);
    outcome_free(&outcome);
}

Test(ini, reads_keys_with_their_lines)
{
    expect("# title\n\n[a]\nx = 1\n  ; note\ny=2 3\n[b]\nx= 4\n",
           "4 [a] x=1\n6 [a] y=2 3\n8 [b] x=4\n", "");
}

Test(ini, accepts_crlf_and_a_last_line_without_newline)
{
    expect("[a]\r\nx = 1\r\ny = 2", "2 [a] x=1\n3 [a] y=2\n", "");
}

Test(ini, accepts_a_byte_order_mark)
{
    expect("\xef\xbb\xbf[a]\nx = \xc3\xa9\n", "2 [a] x=\xc3\xa9\n", "");
}

Test(ini, accepts_an_empty_file)
{
    expect("", "", "");
    expect("\n\n", "", "");
}

Test(ini, strips_comments_after_white_space_only)
{
    expect("[a] ; note\nx = 1 ; note\ny = 1;2\nz = ; note\nw = 1 # kept\nv =\t2\t;note\n",
           "2 [a] x=1\n3 [a] y=1;2\n4 [a] z=\n5 [a] w=1 # kept\n6 [a] v=2\n", "");
}

/* inih's own limit, asked of the library in use. */
static char *measure(char *buffer, int bytes, void *stream)
{
    (void)buffer;
    *(int *)stream = bytes;
    return NULL;
}

static int ignore(void *user, const char *section, const char *key, const char *value)
{
    (void)user, (void)section, (void)key, (void)value;
    return 1;
}

/* plan.I1 */
Test(ini, refuses_lines_that_inih_would_cut_and_keeps_counting)
{
    int buffer_bytes = 0;
    ini_parse_stream(measure, &buffer_bytes, ignore, NULL);
    cr_assert_eq(buffer_bytes, 200);
    char text[1024], entries[1024];
    snprintf(text, sizeof text, "[a]\nfits = %0191d\nlong = %0192d\nafter = 1\nbad\n# %0400d\n", 0,
             0, 0);
    snprintf(entries, sizeof entries,
             "2 [a] fits=%0191d\n3 [a] long=(unusable)\n4 [a] after=1\n", 0);
    expect(text, entries,
           "FILE:3: [a] long: the line is 199 bytes long; at most 198 are allowed, and "
           "a value goes on in a line that is indented\n"
           "FILE:5: [a]: neither \"key = value\" nor a \"[section]\"\n"
           "FILE:6: [a]: the line is 402 bytes long; at most 198 are allowed, and a value "
           "goes on in a line that is indented\n");
}

Test(ini, continues_a_value_in_indented_lines)
{
    expect("[a]\nx = 1, ; the first\n    2,;3 ; more\n# comment\n  ; comment\n\t4\nz =\n  5 == 6\n",
           "2 [a] x=1, 2,;3 4\n7 [a] z=5 == 6\n", "");
    expect("[a]\nthis-key-is-longer-than-the-room-that-inih-has-for-one = 1\n  2\n",
           "2 [a] this-key-is-longer-than-the-room-that-inih-has-for-one=1 2\n", "");
}

/* plan.I2 */
Test(ini, continues_nothing_but_the_value_above)
{
    static const char nothing[] = "the line is indented, and there is no value above that it "
                                  "could continue\n";
    char problems[512];
    snprintf(problems, sizeof problems, "FILE:4: [a]: %sFILE:6: [b]: %s", nothing, nothing);
    expect("[a]\nx = 1\n\n  2\n[b]\n  3\ny = 4\n", "2 [a] x=1\n7 [b] y=4\n", problems);
    expect("[a]\nx = 1\n  y = 2\nz = 3\n  w=\n", "2 [a] x=1\n3 [a] y=(unusable)\n4 [a] z=3\n"
           "5 [a] w=(unusable)\n",
           "FILE:3: [a] y: the line is indented, so it would continue the value above; a key "
           "begins its line\n"
           "FILE:5: [a] w: the line is indented, so it would continue the value above; a key "
           "begins its line\n");
    /* What belongs to a line that was refused is not told again. */
    expect("[a]\nx = 1\nbad\n  2\nx = 3\n  4\n", "2 [a] x=1\n",
           "FILE:3: [a]: neither \"key = value\" nor a \"[section]\"\n"
           "FILE:5: [a] x: this key was set before, on line 2\n");
}

/* plan.I3 */
Test(ini, refuses_keys_and_sections_that_are_there_twice)
{
    expect("[a]\nx = 1\nx = 2\n[b]\nx = 3\n[a]\nx = 4\ny = 5\n",
           "2 [a] x=1\n5 [b] x=3\n8 [a] y=5\n",
           "FILE:3: [a] x: this key was set before, on line 2\n"
           "FILE:6: [a]: this section was opened before, on line 1\n"
           "FILE:7: [a] x: this key was set before, on line 2\n");
}

Test(ini, refuses_keys_before_any_section)
{
    expect("x = 1\n[a]\ny = 2\n", "3 [a] y=2\n",
           "FILE:1: x: the key is before the first [section]\n");
}

Test(ini, refuses_lines_that_are_nothing)
{
    expect("what\n[a]\nnot a key\nalso ; x = 1\nx = 1\nlast", "5 [a] x=1\n",
           "FILE:1: neither \"key = value\" nor a \"[section]\"\n"
           "FILE:3: [a]: neither \"key = value\" nor a \"[section]\"\n"
           "FILE:4: [a]: neither \"key = value\" nor a \"[section]\"\n"
           "FILE:6: [a]: neither \"key = value\" nor a \"[section]\"\n");
}

Test(ini, refuses_an_empty_key)
{
    expect("[a]\n= 1\nx = 2\n", "3 [a] x=2\n",
           "FILE:2: [a]: there is no key before \"=\"\n");
}

Test(ini, takes_no_colon_for_an_equals_sign)
{
    expect("[a]\nx : 1\n:3\ny = a:b\nz: 1 = 2\n",
           "2 [a] x=(unusable)\n4 [a] y=a:b\n5 [a] z=(unusable)\n",
           "FILE:2: [a] x: the line has a \":\" where a \"=\" belongs, between key and value\n"
           "FILE:3: [a]: the line has a \":\" where a \"=\" belongs, between key and value\n"
           "FILE:5: [a] z: the line has a \":\" where a \"=\" belongs, between key and value\n");
}

Test(ini, refuses_hidden_characters)
{
    expect("[a]\nx = \xe2\x80\xae" "1\n", "2 [a] x=(unusable)\n",
           "FILE:2: [a] x: the line holds the invisible character U+202E\n");
}

Test(ini, refuses_bad_headings_and_ignores_their_keys)
{
    expect("[a\nx = 1\n[]\ny = 2\n[ ]\n[b] z = 3\nz = 4\n[c]\nw = 5\n", "9 [c] w=5\n",
           "FILE:1: the section's name has no closing \"]\"\n"
           "FILE:3: the section has no name\n"
           "FILE:5: the section has no name\n"
           "FILE:6: text after \"[b]\"; a key belongs on a line of its own\n");
}

Test(ini, never_cuts_a_section_name)
{
    /* inih keeps 49 bytes of it. */
    expect("[claim 0123456789012345678901234567890123456789-first]\nx = 1\n"
           "[claim 0123456789012345678901234567890123456789-second]\nx = 2\n",
           "2 [claim 0123456789012345678901234567890123456789-first] x=1\n"
           "4 [claim 0123456789012345678901234567890123456789-second] x=2\n", "");
}

Test(ini, trims_a_section_name)
{
    expect("[ a ]\nx = 1\n", "2 [a] x=1\n", "");
}

/* plan.I4, in this and the next. */
Test(ini, refuses_zero_bytes_and_control_characters)
{
    static const char zero[] = "[a]\nx = 1\0 2\ny = 2\n\0\n";
    expect_bytes(zero, sizeof zero - 1, "2 [a] x=(unusable)\n3 [a] y=2\n",
                 "FILE:2: [a] x: the line holds a zero byte\n"
                 "FILE:4: [a]: the line holds a zero byte\n");
    expect("[a]\nx = \033[31m\ny = 1\rz = 2\nq\bq = 1\n", "2 [a] x=(unusable)\n"
           "3 [a] y=(unusable)\n",
           "FILE:2: [a] x: the line holds a control character\n"
           "FILE:3: [a] y: the line holds a control character\n"
           "FILE:4: [a]: the line holds a control character\n");
}

Test(ini, refuses_what_is_not_utf_8)
{
    expect("[a]\nx = \xff\ny = \xc3\nz = \xed\xa0\x80\nw = \xc0\xaf\nv = \xf4\x90\x80\x80\n"
           "u = \xf0\x9f\x98\x80\n",
           "2 [a] x=(unusable)\n3 [a] y=(unusable)\n4 [a] z=(unusable)\n5 [a] w=(unusable)\n"
           "6 [a] v=(unusable)\n7 [a] u=\xf0\x9f\x98\x80\n",
           "FILE:2: [a] x: the line is not valid UTF-8\n"
           "FILE:3: [a] y: the line is not valid UTF-8\n"
           "FILE:4: [a] z: the line is not valid UTF-8\n"
           "FILE:5: [a] w: the line is not valid UTF-8\n"
           "FILE:6: [a] v: the line is not valid UTF-8\n");
}

static void expect_unreadable(const char *path, const char *expected)
{
    struct stw_ini ini = {0};
    struct stw_problems problems = {.path = path};
    struct stw_text text = {0};
    stw_ini_read(&ini, &problems);
    cr_assert_null(ini.text);
    stw_problems_write(&problems, &text);
    cr_assert_str_eq(stw_text_get(&text), expected);
    stw_problems_free(&problems);
    stw_ini_free(&ini);
    stw_text_free(&text);
}

Test(ini, names_a_file_that_cannot_be_read)
{
    expect_unreadable("/nowhere/m.ini",
                      "/nowhere/m.ini: cannot be read: No such file or directory\n");
    expect_unreadable("/tmp", "/tmp: cannot be read: Is a directory\n");
    expect_unreadable("/dev/zero", "/dev/zero: is larger than 1 MiB\n");
}

Test(ini, reads_one_mebibyte_and_no_more)
{
    static char bytes[(1 << 20) + 1];
    memset(bytes, '\n', sizeof bytes);
    memcpy(bytes + (1 << 20) - 9, "\n[a]\nx=1\n", 9);
    expect_bytes(bytes, 1 << 20, "1048570 [a] x=1\n", "");
    expect_bytes(bytes, sizeof bytes, "", "FILE: is larger than 1 MiB\n");
}

Test(ini, bounds_the_keys_and_the_problems_shown)
{
    struct stw_text text = {0};
    stw_text_add(&text, "[a]\n");
    for (int i = 0; i < 5000; i++)
        stw_text_add(&text, "k%d=1\n", i);
    struct outcome outcome = read_bytes(text.bytes, text.length, NULL);
    cr_assert_str_eq(outcome.problems, "FILE:4099: more than 4096 keys or sections\n");
    stw_text_free(&text);
    outcome_free(&outcome);
    for (int i = 0; i < 150; i++)
        stw_text_add(&text, "x\n");
    outcome = read_bytes(text.bytes, text.length, NULL);
    cr_assert_not_null(strstr(outcome.problems, "FILE:100: neither"));
    cr_assert_null(strstr(outcome.problems, "FILE:101: neither"));
    cr_assert_not_null(strstr(outcome.problems, "\nFILE: 50 more problems\n"));
    outcome_free(&outcome);
    stw_text_free(&text);
}

Test(ini, overrides_replace_add_and_move)
{
    static const char *const overrides[] = {"axes.n=7,8", "fixed.gc.mode = stw",
                                            "experiment.trials=3", "axes.gogc=50,off",
                                            "fixed.map=x", "axes.n=9", NULL};
    expect_set("[axes]\nn = 1\nmap = a, b\nlast = 2\n[fixed]\ngogc = 100\n", overrides,
               "0 [axes] n=9\n4 [axes] last=2\n0 [fixed] gc.mode=stw\n0 [experiment] trials=3\n"
               "0 [axes] gogc=50,off\n0 [fixed] map=x\n", "");
}

Test(ini, reads_overrides_like_lines)
{
    static const char *const overrides[] = {"axes.n = 1, 2 ; note", "axes.m=a;b", "axes.o = ; all",
                                            NULL};
    expect_set("", overrides, "0 [axes] n=1, 2\n0 [axes] m=a;b\n0 [axes] o=\n", "");
}

Test(ini, refuses_bad_overrides)
{
    static const char *const overrides[] = {"n=1", "axes.n", "axis.n=1", "zebra.n=1", "axes.=1",
                                            "claim C1.says=x", "axes.n=1\n2", "=.", NULL};
    expect_set("[axes]\nn = 1\nwhat\n", overrides, "2 [axes] n=1\n",
               "FILE:3: [axes]: neither \"key = value\" nor a \"[section]\"\n"
               "--set n=1: expected SECTION.KEY=VALUE, as in axes.n=1,2\n"
               "--set axes.n: expected SECTION.KEY=VALUE, as in axes.n=1,2\n"
               "--set axis.n=1: there is no section \"axis\"; did you mean \"axes\"?\n"
               "--set zebra.n=1: there is no section \"zebra\" to set; there are experiment, axes, "
               "fixed, exclude and permissions\n"
               "--set axes.=1: there is no key before \"=\"\n"
               "--set claim C1.says=x: there is no section \"claim C1\" to set; there are "
               "experiment, axes, fixed, exclude and permissions\n"
               "--set axes.n=1?2: the text holds a control character\n"
               "--set =.: expected SECTION.KEY=VALUE, as in axes.n=1,2\n");
}
