/* unit/variables_test.c: goal: an environment has each name once (prim.V1), with the value that was
 * set last, and ends with null whatever was set.
 * Method: names that begin alike, set in all ways, in turn. */
#include "prim/variables.h"

#include <criterion/criterion.h>

static struct stw_variables variables;

static void free_variables(void)
{
    stw_variables_free(&variables);
}

static void expect(uint32_t count, const char *name, const char *value)
{
    char *const *list = stw_variables_list(&variables);
    cr_assert_eq(variables.count, count);
    cr_assert_null(list[count]);
    for (uint32_t i = 0; i < count; i++)
        cr_assert_not_null(list[i]);
    if (value)
        cr_assert_str_eq(stw_variables_get(&variables, name), value);
    else
        cr_assert_null(stw_variables_get(&variables, name));
}

Test(variables, replace_those_of_their_name_alone, .fini = free_variables)
{
    stw_variables_set(&variables, "PATH=/bin");
    stw_variables_set(&variables, "PATH_OF=x=y");
    expect(2, "PATH", "/bin");
    stw_variables_set_value(&variables, "PATH", "/usr/bin");
    expect(2, "PATH", "/usr/bin");
    expect(2, "PATH_OF", "x=y");
    stw_variables_set(&variables, "PATH_OF=");
    expect(2, "PATH_OF", "");
    expect(2, "PAT", NULL);
}

Test(variables, end_with_null_at_every_count, .fini = free_variables)
{
    static const char *const list[] = {"A=1", "B=2", "A=3", "C=4", "D=5", "B=6", "E=7", NULL};
    expect(0, "A", NULL);
    stw_variables_set_all(&variables, NULL);
    expect(0, "A", NULL);
    for (uint32_t i = 0; list[i]; i++) {
        const char *const one[] = {list[i], NULL};
        stw_variables_set_all(&variables, one);
        expect(variables.count, "Z", NULL);
    }
    expect(5, "A", "3");
    stw_variables_set_all(&variables, list);
    expect(5, "B", "6");
}
