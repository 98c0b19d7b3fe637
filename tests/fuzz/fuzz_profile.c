/*
 * Whatever a profile holds, reading it gives an error line or a profile that every view can show: as report, as a
 * comparison with itself, and as a trend, in text and JSON.
 */
#include "base/memory.h"
#include "base/text.h"
#include "common.h"
#include "profile/kind.h"
#include "profile/profile.h"
#include "view/diff.h"
#include "view/json.h"
#include "view/report.h"
#include "view/trend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DUMPS 8
#define TOP 5
#define NS_PER_H 3600000000000

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static FILE *nowhere;
static struct line_page page = {.width = 80};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    memory_set_cap(PROFILE_MEMORY_MAX);
    page.out = nowhere = fopen("/dev/null", "w");
    return nowhere == NULL;
}

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "it does not hold that %s\n", what);
        abort();
    }
}

static void show_report(struct profile *profile, const char *kind)
{
    struct report report = {.program = "", .seq = "", .profiles = profile, .n_profiles = 1};
    struct json json = {.out = nowhere};

    report_assemble(&report, &kind);
    report_print(&report, &page, TOP, false);
    report_write_json(&report, &json, TOP);
    ranking_release(&report.rankings[0]);
    free(report.rankings);
}

static void add_to(struct sites *sites, size_t dump, const char *kind, const struct profile *profile)
{
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);

    require(sites_add(sites, dump, kind, profile, &why) == 0, "a profile has the types that it has");
}

static void show_diff(const struct profile *profile, const char *kind)
{
    struct diff diff = {.old = {.program = "", .seq = ""}, .new = {.program = "", .seq = ""}};
    struct json json = {.out = nowhere};

    add_to(&diff.sites, 0, kind, profile);
    add_to(&diff.sites, 1, kind, profile);
    diff_assemble(&diff);
    require(diff.n_kinds == 1 && diff.kinds[0].n_sites == 0, "a profile does not differ from itself");
    diff_print(&diff, &page, TOP);
    diff_write_json(&diff, &json, TOP);
    diff_release(&diff);
}

/* Its samples come and go, so that there is something to judge. */
static void show_trend(struct profile *profile, const char *kind)
{
    struct series series = {.n_moments = DUMPS, .moments = must_grow(NULL, DUMPS, sizeof(*series.moments))};
    struct json json = {.out = nowhere};
    size_t n_samples = profile->n_samples;

    for (size_t i = 0; i < DUMPS; i++) {
        series.moments[i] = (struct moment){.program = "", .seq = "", .time_ns = (int64_t)(i + 1) * NS_PER_H};
        profile->n_samples = n_samples - n_samples * (i % 5) / 8;
        add_to(&series.sites, i, kind, profile);
    }
    profile->n_samples = n_samples;
    series_assemble(&series);
    for (size_t i = 0; i < series.n_chains; i++) {
        struct trend trend;

        trend_build(&series, i, NULL, &trend);
        trend_print(&trend, &page, TOP);
        trend_write_json(&trend, &json, TOP);
        trend_release(&trend);
    }
    series_release(&series);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char why_buf[256] = "";
    struct text why = TEXT_ON(why_buf);
    struct profile profile;
    const char *kind;

    if (profile_decode(bytes, len, PROFILE_BYTES_MAX, &profile, &why) != 0) {
        require(why.len > 0 && strchr(why_buf, '\n') == NULL, "an error is told in one line");
        return 0;
    }
    kind = kind_by_types(&profile);
    show_report(&profile, kind);
    show_diff(&profile, kind);
    show_trend(&profile, kind);
    profile_release(&profile);
    require(memory_used() == 0, "all memory is given back");
    return 0;
}
