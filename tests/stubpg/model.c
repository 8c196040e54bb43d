#include "model.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "generators/rng.h"

enum {
    WORDS = 8,
    LINE = 256,
    STREAM_SERVICE = 1,
    STREAM_ERROR = 2
};

struct words {
    char line[LINE];
    char *word[WORDS];
    int n;
};

void model_init(struct model *model)
{
    *model = (struct model){.factor = 1, .seed = 1};
}

/* --- Reading settings --------------------------------------------------------------------------------------------- */

static bool split(struct words *words, const char *text)
{
    size_t len = strlen(text);
    if (len >= sizeof words->line)
        return false;
    memcpy(words->line, text, len + 1);
    words->n = 0;
    for (char *save, *word = strtok_r(words->line, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
        if (words->n == WORDS)
            return false;
        words->word[words->n++] = word;
    }
    return true;
}

static bool read_time(const char *word, double *out_ns)
{
    int64_t ns;
    if (!units_parse_duration(word, NS_PER_MS, false, &ns))
        return false;
    *out_ns = (double)ns;
    return true;
}

static bool read_count(const char *word, int64_t *out)
{
    int64_t count;
    if (!units_parse_int(word, &count) || count < 0 || count > INT32_MAX)
        return false;
    *out = count;
    return true;
}

/* "30%" or "0.3" */
static bool read_share(const char *word, double *out)
{
    char number[32];
    size_t len = strlen(word);
    bool percent = len > 0 && word[len - 1] == '%';
    len -= percent;
    if (len >= sizeof number)
        return false;
    memcpy(number, word, len);
    number[len] = '\0';
    double value;
    if (!units_parse_double(number, &value))
        return false;
    *out = percent ? value / 100 : value;
    return true;
}

static bool read_probability(const char *word, double *out)
{
    double p;
    if (!read_share(word, &p) || p < 0 || p > 1)
        return false;
    *out = p;
    return true;
}

static bool set_service(struct model *model, const struct words *words)
{
    const char *shape = words->word[0];
    if (words->n == 1 && strcmp(shape, "none") == 0) {
        model->shape = SHAPE_CONSTANT;
        model->a_ns = 0;
        return true;
    }
    if (words->n < 2 || !read_time(words->word[1], &model->a_ns))
        return false;
    if (strcmp(shape, "constant") == 0) {
        model->shape = SHAPE_CONSTANT;
        return words->n == 2;
    }
    if (strcmp(shape, "exponential") == 0) {
        model->shape = SHAPE_EXPONENTIAL;
        return words->n == 2;
    }
    if (strcmp(shape, "lognormal") == 0) {
        model->shape = SHAPE_LOGNORMAL;
        return words->n == 3 && units_parse_double(words->word[2], &model->p) && model->p >= 0 && model->p <= 5;
    }
    model->shape = SHAPE_BIMODAL;
    return strcmp(shape, "bimodal") == 0 && words->n == 4 && read_time(words->word[2], &model->b_ns) &&
           read_probability(words->word[3], &model->p);
}

static bool set_factor(struct model *model, const struct words *words)
{
    double more;
    if (words->n != 1 || !strchr(words->word[0], '%') || !read_share(words->word[0], &more) || more < -1)
        return false;
    model->factor = 1 + more;
    return true;
}

static bool set_limit(struct model *model, const struct words *words)
{
    return words->n == 1 && read_count(words->word[0], &model->limit);
}

static bool is_none(const struct words *words)
{
    return words->n == 1 && strcmp(words->word[0], "none") == 0;
}

static bool set_contention(struct model *model, const struct words *words)
{
    if (is_none(words)) {
        model->contention_size = 0;
        return true;
    }
    return words->n == 2 && read_count(words->word[0], &model->contention_size) && model->contention_size > 0 &&
           read_share(words->word[1], &model->contention_slope) && model->contention_slope >= 0;
}

static bool set_stall(struct model *model, const struct words *words)
{
    double length_ns, at_ns = -1;
    if (is_none(words)) {
        model->n_stalls = 0;
        return true;
    }
    bool ok = (words->n == 1 || (words->n == 3 && strcmp(words->word[1], "at") == 0)) &&
              read_time(words->word[0], &length_ns) && (words->n == 1 || read_time(words->word[2], &at_ns));
    if (!ok || model->n_stalls == MODEL_STALLS)
        return false;
    model->stalls[model->n_stalls++] = (struct stall){.length_ns = (int64_t)length_ns, .at_ns = (int64_t)at_ns};
    return true;
}

static bool set_delay(struct model *model, const struct words *words)
{
    double length_ns;
    struct delay delay = {.connection = 0};
    if (is_none(words)) {
        model->n_delays = 0;
        return true;
    }
    if (words->n < 3 || words->n % 2 == 0 || !read_time(words->word[0], &length_ns) || model->n_delays == MODEL_DELAYS)
        return false;
    for (int i = 1; i < words->n; i += 2) {
        const char *what = words->word[i];
        int64_t *number = strcmp(what, "connection") == 0 ? &delay.connection
                          : strcmp(what, "request") == 0  ? &delay.request
                          : strcmp(what, "every") == 0    ? &delay.every
                                                          : NULL;
        if (!number || !read_count(words->word[i + 1], number))
            return false;
    }
    if ((delay.request > 0) == (delay.every > 0))
        return false;
    delay.length_ns = (int64_t)length_ns;
    model->delays[model->n_delays++] = delay;
    return true;
}

static bool set_error(struct model *model, const struct words *words)
{
    if (is_none(words)) {
        model->n_errors = 0;
        return true;
    }
    struct injected injected;
    if (words->n != 2 || strlen(words->word[0]) != 5 || model->n_errors == MODEL_ERRORS ||
        !read_probability(words->word[1], &injected.p))
        return false;
    for (int i = 0; i < 6; i++) {
        char c = words->word[0][i];
        if (i < 5 && !isdigit((unsigned char)c) && !isupper((unsigned char)c))
            return false;
        injected.sqlstate[i] = c;
    }
    model->errors[model->n_errors++] = injected;
    return true;
}

static bool set_connections(struct model *model, const struct words *words)
{
    return words->n == 1 && read_count(words->word[0], &model->connections);
}

static bool set_spin(struct model *model, const struct words *words)
{
    double ns;
    if (words->n != 1 || !read_time(words->word[0], &ns) || ns > (double)(10 * NS_PER_MS))
        return false;
    model->spin_ns = (int64_t)ns;
    return true;
}

static bool set_seed(struct model *model, const struct words *words)
{
    int64_t seed;
    if (words->n != 1 || !units_parse_int(words->word[0], &seed))
        return false;
    model->seed = (uint64_t)seed;
    return true;
}

static const struct setting_row {
    const char *name;
    bool (*set)(struct model *model, const struct words *words);
    const char *words;
    const char *help;
} rows[] = {
    {"service", set_service, "none | constant T | exponential MEAN | lognormal MEDIAN SIGMA | bimodal T U P",
     "service time of a data statement (bimodal: T with probability P, else U)"},
    {"factor", set_factor, "PERCENT", "all service times longer by so much: 5%"},
    {"limit", set_limit, "N", "services at once; the others wait in line (0: no limit)"},
    {"contention", set_contention, "C K | none",
     "n services at once: times max(1, n/C) * (1 + K * max(0, n - C)); best at n = C"},
    {"stall", set_stall, "T [at T] | none", "everything stands still, now or so long after the first request"},
    {"delay", set_delay, "T [connection N] request N|every N | none", "one request, or every N-th, takes longer"},
    {"error", set_error, "SQLSTATE P | none", "a service ends in this error with probability P"},
    {"connections", set_connections, "N", "more connections are refused with 53300 (0: no limit)"},
    {"spin", set_spin, "T", "poll instead of sleeping so long before a reply is due: exact, but takes a core"},
    {"seed", set_seed, "N", "of all that is drawn"},
};

const char *model_help(int row, const char **name, const char **words)
{
    if (row >= (int)(sizeof rows / sizeof *rows))
        return NULL;
    *name = rows[row].name;
    *words = rows[row].words;
    return rows[row].help;
}

bool model_set(struct model *model, const char *name, const char *text, struct err *err)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) != 0)
            continue;
        struct words words;
        struct model changed = *model;
        if (!split(&words, text) || words.n == 0 || !rows[i].set(&changed, &words))
            return err_set(err, ERR_USAGE, name, "cannot use \"%s\"; wanted: %s %s", text, name, rows[i].words);
        *model = changed;
        return true;
    }
    return err_set(err, ERR_USAGE, NULL, "there is no setting \"%s\"; --help lists them", name);
}

/* --- Drawing ------------------------------------------------------------------------------------------------------ */

static double draw_shape(const struct model *model, struct rng *rng)
{
    double u = rng_unit(rng);
    switch (model->shape) {
    case SHAPE_CONSTANT:
        return model->a_ns;
    case SHAPE_EXPONENTIAL:
        return -log1p(-u) * model->a_ns;
    case SHAPE_LOGNORMAL: /* Box and Muller */
        return model->a_ns * exp(model->p * sqrt(-2 * log1p(-u)) * cos(2 * M_PI * rng_unit(rng)));
    case SHAPE_BIMODAL:
        return u < model->p ? model->a_ns : model->b_ns;
    }
    return 0;
}

static double contention(const struct model *model, int64_t n)
{
    int64_t over = n - model->contention_size;
    if (model->contention_size == 0 || over <= 0)
        return 1;
    return (double)n / (double)model->contention_size * (1 + model->contention_slope * (double)over);
}

static int64_t delays(const struct model *model, int64_t connection, int64_t nth)
{
    int64_t sum_ns = 0;
    for (int i = 0; i < model->n_delays; i++) {
        const struct delay *delay = &model->delays[i];
        bool hit = delay->every > 0 ? nth % delay->every == 0 : nth == delay->request;
        if (hit && (delay->connection == 0 || delay->connection == connection))
            sum_ns += delay->length_ns;
    }
    return sum_ns;
}

static void draw_error(const struct model *model, struct stub_record *record)
{
    struct rng rng = rng_at(model->seed, STREAM_ERROR, record->request, 0);
    double u = rng_unit(&rng);
    for (int i = 0; i < model->n_errors; i++) {
        if (u < model->errors[i].p) {
            memcpy(record->sqlstate, model->errors[i].sqlstate, sizeof model->errors[i].sqlstate);
            return;
        }
        u -= model->errors[i].p;
    }
}

void model_draw(const struct model *model, int64_t nth, struct stub_record *record)
{
    struct rng rng = rng_at(model->seed, STREAM_SERVICE, record->request, 0);
    double ns = draw_shape(model, &rng) * model->factor * contention(model, record->in_service);
    record->service_ns = llround(ns) + delays(model, record->connection, nth);
    draw_error(model, record);
}
