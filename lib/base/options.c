/* The reader of options. Owns the table of rows; called by life/ at the start and by the command. */
#include "base/options.h"

#include "base/nearest.h"
#include "base/text.h"

#include <signal.h>
#include <string.h>

const struct option_row option_rows[OPTION_MAX] = {
#define OPTION(n, d, r, rdy, h) [OPTION_##n] = {.name = #n, .def = (d), .range = (r), .ready = (rdy), .help = (h)},
#include "base/options.def"
#undef OPTION
};

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* A decimal number with an optional suffix K, M, G, T or P (1024); false for anything else or past 2^63. */
static bool parse_size(const char *value, bool suffixes, uint64_t *ret_size)
{
    const char *units = "KMGTP", *unit;
    uint64_t size = 0;

    if (*value < '0' || *value > '9')
        return false;
    for (; *value >= '0' && *value <= '9'; value++) {
        if (size > (UINT64_MAX >> 1) / 10 - 1)
            return false;
        size = size * 10 + (uint64_t)(*value - '0');
    }
    if (*value != '\0' && suffixes) {
        unit = strchr(units, *value >= 'a' ? *value - 'a' + 'A' : *value);
        if (unit == NULL || value[1] != '\0' || size > (UINT64_MAX >> 1) >> (10 * (unit - units + 1)))
            return false;
        *ret_size = size << (10 * (unit - units + 1));
        return true;
    }
    *ret_size = size;
    return *value == '\0';
}

static bool parse_number(const char *value, uint64_t min, uint64_t max, uint32_t *ret_number)
{
    uint64_t number;

    if (!parse_size(value, false, &number) || number < min || number > max)
        return false;
    *ret_number = (uint32_t)number;
    return true;
}

static bool parse_bool(const char *value, bool *ret_bool)
{
    if (same(value, "yes") || same(value, "true") || same(value, "1") || same(value, "on"))
        *ret_bool = true;
    else if (same(value, "no") || same(value, "false") || same(value, "0") || same(value, "off"))
        *ret_bool = false;
    else
        return false;
    return true;
}

static bool parse_signal(const char *value, int *ret_signal)
{
    uint32_t above;

    if (same(value, "none")) {
        *ret_signal = 0;
        return true;
    }
    if (strncmp(value, "SIG", 3) == 0)
        value += 3;
    if (strncmp(value, "RTMIN+", 6) == 0) {
        if (!parse_number(value + 6, 0, (uint64_t)(SIGRTMAX - SIGRTMIN), &above))
            return false;
        *ret_signal = SIGRTMIN + (int)above;
        return true;
    }
    for (int sig = 1; sig < 32; sig++) {
        const char *name = sigabbrev_np(sig);

        /* Those two cannot be caught, and the control channel lives on STKFLT. */
        if (name != NULL && same(value, name) && sig != SIGKILL && sig != SIGSTOP && sig != SIGSTKFLT) {
            *ret_signal = sig;
            return true;
        }
    }
    return false;
}

/* A comma-separated list of words, each a bit of the result. */
static bool parse_words(const char *value, const char *const *words, unsigned count, uint32_t *ret_bits)
{
    uint32_t bits = 0;

    while (*value != '\0') {
        size_t len = strcspn(value, ",");
        unsigned i = 0;

        while (i < count && (strlen(words[i]) != len || memcmp(words[i], value, len) != 0))
            i++;
        if (i == count)
            return false;
        bits |= 1u << i;
        value += len;
        value += *value == ',';
    }
    if (bits != 0)
        *ret_bits = bits;
    return bits != 0;
}

static bool parse_path(const char *value, char *ret_path)
{
    if (*value == '\0' || strlen(value) >= OPTIONS_PATH_MAX)
        return false;
    strcpy(ret_path, value);
    return true;
}

/* 1% to 90% and the like; false for anything else. */
static bool parse_percent(const char *value, uint32_t max, uint32_t *ret_percent)
{
    size_t len = strlen(value);
    char digits[8];

    if (len < 2 || len >= sizeof(digits) || value[len - 1] != '%')
        return false;
    memcpy(digits, value, len - 1);
    digits[len - 1] = '\0';
    return parse_number(digits, 1, max, ret_percent);
}

static bool parse_memory(const char *value, struct options *options)
{
    uint64_t bytes;

    if (parse_percent(value, 90, &options->memory_percent)) {
        options->memory_bytes = 0;
        return true;
    }
    if (!parse_size(value, true, &bytes) || bytes < 1u << 20)
        return false;
    options->memory_bytes = bytes;
    return true;
}

static bool parse_threshold(const char *value, bool suffixes, struct option_threshold *ret_threshold)
{
    struct option_threshold threshold = {0};

    if (!same(value, "off") && !parse_percent(value, 100, &threshold.percent) &&
        (!parse_size(value, suffixes, &threshold.value) || threshold.value == 0))
        return false;
    *ret_threshold = threshold;
    return true;
}

/* Seconds, with at most three digits behind a point. */
static bool parse_seconds(const char *value, uint32_t max, uint32_t *ret_ms)
{
    const char *point = strchr(value, '.');
    size_t len = point == NULL ? strlen(value) : (size_t)(point - value);
    uint32_t seconds, thousandths = 0;
    char digits[16];

    if (len >= sizeof(digits))
        return false;
    memcpy(digits, value, len);
    digits[len] = '\0';
    if (!parse_number(digits, 0, max, &seconds))
        return false;
    if (point != NULL) {
        if (strlen(point + 1) > 3 || !parse_number(point + 1, 0, 999, &thousandths) || (seconds == max && thousandths > 0))
            return false;
        for (len = strlen(point + 1); len < 3; len++)
            thousandths *= 10;
    }
    *ret_ms = seconds * 1000 + thousandths;
    return true;
}

static bool parse_bytes(const char *value, uint64_t min, uint64_t max, uint64_t *ret_bytes)
{
    uint64_t bytes;

    if (!parse_size(value, true, &bytes) || bytes < min || bytes > max)
        return false;
    *ret_bytes = bytes;
    return true;
}

static bool parse_symbols(const char *value, bool *ret_symbols)
{
    if (!same(value, "functions") && !same(value, "none"))
        return false;
    *ret_symbols = same(value, "functions");
    return true;
}

static bool parse_follow(const char *value, uint32_t *ret_bits)
{
    static const char *const children[] = {"fork", "exec"};

    if (!same(value, "none"))
        return parse_words(value, children, 2, ret_bits);
    *ret_bits = 0;
    return true;
}

static bool parse_leaks(const char *value, enum option_leaks *ret_leaks)
{
    static const char *const moments[] = {[OPTION_LEAKS_NO] = "no", [OPTION_LEAKS_EXIT] = "exit", [OPTION_LEAKS_DUMP] = "dump"};
    unsigned i = 0;

    while (i < 3 && !same(value, moments[i]))
        i++;
    *ret_leaks = i < 3 ? (enum option_leaks)i : *ret_leaks;
    return i < 3;
}

static bool set_option(struct options *options, enum option_id id, const char *value)
{
    static const char *const profiles[] = {"heap", "fd", "thread"};
    static const char *const formats[] = {"pprof", "text"};

    switch (id) {
    case OPTION_dir:
        return parse_path(value, options->dir);
    case OPTION_signal:
        return parse_signal(value, &options->signal);
    case OPTION_interval:
        return parse_number(value, 0, 31536000, &options->interval_s);
    case OPTION_checkpoint:
        return parse_seconds(value, 86400, &options->checkpoint_ms);
    case OPTION_at_exit:
        return parse_bool(value, &options->at_exit);
    case OPTION_profiles:
        return parse_words(value, profiles, 3, &options->profiles);
    case OPTION_leaks:
        return parse_leaks(value, &options->leaks);
    case OPTION_gate:
        return parse_path(value, options->gate);
    case OPTION_format:
        return parse_words(value, formats, 2, &options->formats);
    case OPTION_sample:
        return parse_bytes(value, 0, 1ul << 40, &options->sample_bytes);
    case OPTION_depth:
        return parse_number(value, 1, 512, &options->depth);
    case OPTION_warmup:
        return parse_number(value, 0, 31536000, &options->warmup_s);
    case OPTION_at_rss:
        return parse_threshold(value, true, &options->at_rss);
    case OPTION_at_fds:
        return parse_threshold(value, false, &options->at_fds);
    case OPTION_at_threads:
        return parse_threshold(value, false, &options->at_threads);
    case OPTION_follow:
        return parse_follow(value, &options->follow);
    case OPTION_exe:
        return parse_path(value, options->exe);
    case OPTION_keep:
        return parse_number(value, 1, 9999, &options->keep);
    case OPTION_max_disk:
        return parse_bytes(value, 1u << 20, UINT64_MAX, &options->max_disk);
    case OPTION_memory:
        return parse_memory(value, options);
    case OPTION_symbols:
        return parse_symbols(value, &options->symbols);
    case OPTION_check:
        return parse_number(value, 0, 1000000, &options->check);
    case OPTION_log:
        return parse_path(value, options->log);
    default:
        return false;
    }
}

void options_set_defaults(struct options *ret_options)
{
    memset(ret_options, 0, sizeof(*ret_options));
    for (enum option_id id = 0; id < OPTION_MAX; id++)
        if (option_rows[id].ready && option_rows[id].def[0] != '\0')
            set_option(ret_options, id, option_rows[id].def);
}

static enum option_id find_option(const char *key)
{
    enum option_id id = 0;

    while (id < OPTION_MAX && !same(option_rows[id].name, key))
        id++;
    return id;
}

static const char *nearest_option(const char *key)
{
    const char *names[OPTION_MAX];

    for (enum option_id id = 0; id < OPTION_MAX; id++)
        names[id] = option_rows[id].name;
    return nearest_word(key, names, OPTION_MAX);
}

/* Takes one pair; false, with a line in `ret_why`, when it cannot be taken. The value is NULL where none was given. */
static bool take_pair(struct options *options, const char *key, const struct text *given, struct text *ret_why)
{
    const char *value = given == NULL ? NULL : given->buf, *nearest;
    enum option_id id = find_option(key);

    if (id == OPTION_MAX) {
        nearest = nearest_option(key);
        text_format(ret_why, "unknown option '%s'", key);
        if (nearest != NULL)
            text_format(ret_why, ", did you mean '%s'?", nearest);
        return false;
    }
    if (value == NULL) {
        text_format(ret_why, "option %s needs a value: %s=...", key, key);
        return false;
    }
    if (!option_rows[id].ready) {
        text_format(ret_why, "option %s is not yet there; it has no effect", key);
        return false;
    }
    if (given->cut) {
        text_format(ret_why, "the value of option %s is too long: it may have %u bytes", key, OPTIONS_PATH_MAX - 1);
        return false;
    }
    if (id == OPTION_profiles && strstr(value, "mmap") != NULL) {
        text_format(ret_why, "profiles=%s: mmap is not yet there; it has no effect", value);
        return false;
    }
    if (!set_option(options, id, value)) {
        text_format(ret_why, "bad value '%s' for option %s: it takes %s", value, key, option_rows[id].range);
        return false;
    }
    return true;
}

static bool is_separator(char c)
{
    return c == ':' || c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Whether a new pair, not a further word of the value, starts at `at`. */
static bool starts_pair(const char *at)
{
    size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-");

    return at[len] == '=';
}

/* Copies the value at `at` to `ret_value`, without its quotes; returns where the text goes on. */
static const char *read_value(const char *at, struct text *ret_value)
{
    if (*at == '"' || *at == '\'') {
        char quote = *at++;
        size_t len = strcspn(at, quote == '"' ? "\"" : "'");

        text_add_n(ret_value, at, len);
        return at[len] == '\0' ? at + len : at + len + 1;
    }
    while (*at != '\0' && (!is_separator(*at) || (*at == ',' && at[1] != '\0' && !is_separator(at[1]) && !starts_pair(at + 1)))) {
        text_add_n(ret_value, at, 1);
        at++;
    }
    return at;
}

unsigned options_parse(struct options *options, const char *text, options_complain *complain, void *context)
{
    struct text as_given = TEXT_ON(options->as_given);
    unsigned complaints = 0;

    text_add(&as_given, text);
    while (*text != '\0') {
        char key_buf[64] = "", value_buf[OPTIONS_PATH_MAX] = "", why_buf[256] = "";
        struct text key = TEXT_ON(key_buf), value = TEXT_ON(value_buf), why = TEXT_ON(why_buf);
        bool has_value;

        if (is_separator(*text)) {
            text++;
            continue;
        }
        while (*text != '\0' && *text != '=' && !is_separator(*text))
            text_add_n(&key, text++, 1);
        has_value = *text == '=';
        if (has_value)
            text = read_value(text + 1, &value);
        if (!take_pair(options, key_buf, has_value ? &value : NULL, &why)) {
            complaints++;
            complain(why_buf, context);
        }
    }
    return complaints;
}
