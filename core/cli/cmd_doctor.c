/* cli/cmd_doctor.c: stwlab doctor: whether this machine can carry a measurement now. */
#include "base/error.h"
#include "base/text.h"
#include "cli/cli.h"
#include "report/doctor.h"

#include <errno.h>
#include <stdlib.h>

#define SECONDS 8u /* 4,000 wakes, 800 ticks of each processor: a late one in a hundred is seen */
#define SECONDS_MAX 3600u

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"seconds", required_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* 0: the text is no number of seconds. */
static uint32_t take_seconds(const char *text)
{
    char *end;
    errno = 0;
    unsigned long seconds = strtoul(text, &end, 10);
    int is_good = *text >= '0' && *text <= '9' && !*end && !errno && seconds <= SECONDS_MAX;
    return is_good ? (uint32_t)seconds : 0;
}

static int examine(const struct stw_command *command, uint32_t seconds, int as_json)
{
    struct stw_examination seen;
    struct stw_diagnosis diagnosis = {0};
    struct stw_error error = STW_ERROR_INIT;
    struct stw_text text = {0};
    int status = STW_EXIT_ENVIRONMENT;
    if (stw_doctor_examine(seconds, &seen, &error) == STW_OK) {
        stw_doctor_judge(&seen, &diagnosis);
        status = stw_doctor_is_fit(&diagnosis) ? STW_EXIT_DONE : STW_EXIT_BUSY;
        if (as_json)
            stw_doctor_json(&diagnosis, stdout);
        else
            stw_doctor_text(&diagnosis, &text);
        fputs(stw_text_get(&text), stdout);
    } else {
        stw_cli_failure(command, &error);
    }
    stw_text_free(&text);
    stw_diagnosis_free(&diagnosis);
    stw_examination_free(&seen);
    return status;
}

static int run_doctor(const struct stw_command *command, int argument_count, char **arguments)
{
    uint32_t seconds = SECONDS;
    int option, as_json = 0;
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        if (option == 'h')
            return stw_cli_help(command);
        as_json |= option == 'j';
        if (option == 's' && !(seconds = take_seconds(optarg)))
            return stw_cli_usage_error(command, "--seconds: '%s' is no number from 1 to %u",
                                       optarg, SECONDS_MAX);
    }
    if (optind < argument_count)
        return stw_cli_usage_error(command, "'%s' is too much", arguments[optind]);
    return examine(command, seconds, as_json);
}

const struct stw_command stw_command_doctor = {
    .name = "doctor",
    .summary = "whether this machine can carry a measurement, and what to do about it",
    .help = "usage: stwlab doctor [--json] [--seconds N]\n\n"
            "Looks at the machine for 8 seconds: processors, quota, governor, clock, what\n"
            "other programs and the hypervisor take, how late an idle thread is woken, huge\n"
            "pages, DAMON, variables. Start nothing else meanwhile.\n"
            "Exit status 4 when something is bad.\n\n"
            "      --json       one JSON object\n"
            "      --seconds N  how long it looks; from 1 to 3600\n"
            "  -h, --help       this text\n",
    .short_options = ":h",
    .options = options,
    .run = run_doctor,
};
