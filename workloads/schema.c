#include "schema.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/units.h"

enum {
    LIST_MAX = 256,
    NAMES_MAX = 64,
    LEAST_BYTES = 1024 /* of memory: less holds next to nothing once the threads have shared it */
};

static const struct key *find_key(const struct key *keys, const char *name)
{
    for (; keys->name; keys++)
        if (strcmp(keys->name, name) == 0)
            return keys;
    return NULL;
}

static const char *hint_of_keys(char *buf, size_t size, const char *word, const struct key *keys)
{
    const char *names[NAMES_MAX] = {NULL};
    for (size_t n = 0; keys[n].name && n + 1 < NAMES_MAX; n++)
        names[n] = keys[n].name;
    return loader_hint(buf, size, word, names);
}

void schema_check_keys(struct loader *loader, const yaml_node_t *map, const struct key *keys, const char *what)
{
    for (size_t i = 0; i < doc_count(map); i++) {
        const yaml_node_t *node = doc_key(&loader->doc, map, i);
        const struct key *key = find_key(keys, doc_text(node));
        char hint[160];
        if (!key)
            doc_problem(&loader->doc, node, "unknown key `%s` in %s%s", doc_text(node), what,
                        hint_of_keys(hint, sizeof hint, doc_text(node), keys));
        else if (key->kind == KEY_LATER)
            doc_problem(&loader->doc, node, "`%s` (%s) is not supported yet", key->name, key->help);
    }
}

/* --- Values ---------------------------------------------------------------------------------------------------------
 */

static bool parse_whole(struct loader *loader, const struct key *key, const struct written *written, int64_t *out)
{
    if (units_parse_int(written->text, out) && *out >= key->min && *out <= key->max)
        return true;
    if (key->max == INT64_MAX)
        loader_problem(loader, written->origin, "`%s` must be a whole number of at least %lld, not `%s`", key->name,
                       (long long)key->min, written->text);
    else
        loader_problem(loader, written->origin, "`%s` must be a whole number from %lld to %lld, not `%s`", key->name,
                       (long long)key->min, (long long)key->max, written->text);
    return false;
}

/* Limits in the rows are round: print them as one would write them. */
const char *schema_limit(char *buf, size_t size, int64_t ns)
{
    if (ns >= NS_PER_S && ns % (3600 * NS_PER_S) == 0)
        snprintf(buf, size, "%lldh", (long long)(ns / (3600 * NS_PER_S)));
    else if (ns % NS_PER_S == 0)
        snprintf(buf, size, "%llds", (long long)(ns / NS_PER_S));
    else
        snprintf(buf, size, "%lldms", (long long)(ns / NS_PER_MS));
    return buf;
}

static bool parse_duration(struct loader *loader, const struct key *key, const struct written *written, int64_t *out)
{
    char least[32], most[32];
    if (!units_parse_duration(written->text, NS_PER_S, false, out))
        loader_problem(loader, written->origin, "`%s` must be a time such as 250ms, 8s or 5m, not `%s`", key->name,
                       written->text);
    else if (*out < key->min || *out > key->max)
        loader_problem(loader, written->origin, "`%s` must be from %s to %s, not `%s`", key->name,
                       schema_limit(least, sizeof least, key->min), schema_limit(most, sizeof most, key->max),
                       written->text);
    else
        return true;
    return false;
}

static bool parse_timeout(struct loader *loader, const struct key *key, const struct written *written, int64_t *out)
{
    char least[32], most[32];
    if (!units_parse_duration(written->text, NS_PER_S, true, out)) {
        loader_problem(loader, written->origin, "`%s` must be a time such as 250ms, 8s or 5m, or never, not `%s`",
                       key->name, written->text);
        return false;
    }
    bool never = *out < 0;
    if (never)
        *out = 0;
    else if (*out < key->min || *out > key->max)
        loader_problem(loader, written->origin, "`%s` must be from %s to %s, or never, not `%s`", key->name,
                       schema_limit(least, sizeof least, key->min), schema_limit(most, sizeof most, key->max),
                       written->text);
    return never || (*out >= key->min && *out <= key->max);
}

static bool parse_bytes(struct loader *loader, const struct key *key, const struct written *written, int64_t *out)
{
    if (!units_parse_bytes(written->text, out))
        loader_problem(loader, written->origin, "`%s` must be an amount of memory such as 64MB, not `%s`", key->name,
                       written->text);
    else if (*out < key->min || *out > key->max)
        loader_problem(loader, written->origin, "`%s` must be at most %lldGB, not `%s`", key->name,
                       (long long)(key->max >> 30), written->text);
    else if (*out > 0 && *out < LEAST_BYTES)
        loader_problem(loader, written->origin, "`%s` must be 0 (none) or at least %dkB, not `%s`", key->name,
                       LEAST_BYTES >> 10, written->text);
    else
        return true;
    return false;
}

static void set_bool(struct loader *loader, const struct key *key, const struct written *written, bool *out)
{
    static const struct {
        const char *name;
        bool truth;
    } words[] = {{"true", true}, {"false", false}, {"yes", true}, {"no", false}, {"on", true}, {"off", false}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(words[i].name, written->text) == 0) {
            *out = words[i].truth;
            return;
        }
    }
    loader_problem(loader, written->origin, "`%s` must be true or false, not `%s`", key->name, written->text);
}

bool schema_bind_bool(struct loader *loader, const yaml_node_t *node, const char *name)
{
    bool truth = false;
    char what[40];
    snprintf(what, sizeof what, "`%s`", name);
    if (loader_wants_text(loader, node, what))
        set_bool(loader, &(struct key){.name = name}, &(struct written){doc_text(node), {.node = node}}, &truth);
    return truth;
}

static void set_range(struct loader *loader, const struct key *key, const struct written *written, int64_t *out)
{
    const char *dots = strstr(written->text, "..");
    const char *first = dots ? arena_strndup(loader->arena, written->text, (size_t)(dots - written->text)) : NULL;
    int64_t lo, hi;
    if (!first)
        loader_problem(loader, written->origin, "`%s` must be two times such as 1ms..100ms, not `%s`", key->name,
                       written->text);
    else if (parse_duration(loader, key, &(struct written){first, written->origin}, &lo) &&
             parse_duration(loader, key, &(struct written){dots + 2, written->origin}, &hi)) {
        if (lo > hi)
            loader_problem(loader, written->origin, "`%s` must not go from a longer to a shorter time: `%s`", key->name,
                           written->text);
        out[0] = lo;
        out[1] = hi;
    }
}

static const struct {
    const char *name;
    enum isolation isolation;
} isolation_words[] = {
    {"read committed", ISOLATION_READ_COMMITTED},   {"rc", ISOLATION_READ_COMMITTED},
    {"repeatable read", ISOLATION_REPEATABLE_READ}, {"rr", ISOLATION_REPEATABLE_READ},
    {"serializable", ISOLATION_SERIALIZABLE},       {"ser", ISOLATION_SERIALIZABLE},
};

static bool parse_isolation(struct loader *loader, const struct written *written, enum isolation *out)
{
    for (size_t i = 0; i < sizeof isolation_words / sizeof isolation_words[0]; i++) {
        if (strcasecmp(isolation_words[i].name, written->text) == 0) {
            *out = isolation_words[i].isolation;
            return true;
        }
    }
    loader_problem(loader, written->origin,
                   "no isolation level `%s`; there are read committed (rc), repeatable read (rr), serializable (ser)",
                   written->text);
    return false;
}

/* List members are a pointer followed by a count, whatever they point to. */
static void set_list(struct workload *workload, const struct key *key, const void *items, size_t count)
{
    char *member = (char *)workload + key->offset;
    memcpy(member, &items, sizeof items);
    memcpy(member + sizeof items, &count, sizeof count);
}

_Static_assert(offsetof(struct sweep, n_pools) == offsetof(struct sweep, pools) + sizeof(void *), "see set_list");
_Static_assert(offsetof(struct sweep, n_isolations) == offsetof(struct sweep, isolations) + sizeof(void *),
               "see set_list");
_Static_assert(offsetof(struct sweep, n_rates) == offsetof(struct sweep, rates) + sizeof(void *), "see set_list");
_Static_assert(sizeof(enum isolation) == sizeof(int), "both lists are of int");

static void set_ints(struct loader *loader, const struct key *key, const struct written *written, size_t count)
{
    int *items = LOADER_ARRAY(loader, int, count);
    bool good = items != NULL;
    for (size_t i = 0; items && i < count; i++) {
        int64_t number = 0;
        enum isolation isolation = ISOLATION_READ_COMMITTED;
        bool parsed = key->kind == KEY_ISOLATIONS ? parse_isolation(loader, &written[i], &isolation)
                                                  : parse_whole(loader, key, &written[i], &number);
        items[i] = key->kind == KEY_ISOLATIONS ? (int)isolation : (int)number;
        good = good && parsed;
        for (size_t k = 0; parsed && k < i; k++) {
            if (items[k] != items[i])
                continue;
            loader_problem(loader, written[i].origin, "`%s` is in the list twice", written[i].text);
            break;
        }
    }
    if (good)
        set_list(loader->workload, key, items, count);
}

static void set_protocol(struct loader *loader, const struct written *written, enum protocol *out)
{
    for (int i = 0; i < PROTOCOL_COUNT; i++) {
        if (strcmp(protocol_name((enum protocol)i), written->text) == 0) {
            *out = (enum protocol)i;
            return;
        }
    }
    loader_problem(loader, written->origin, "no protocol `%s`; there are simple, extended, prepared", written->text);
}

static void set_arrivals(struct loader *loader, const struct written *written, enum arrivals *out)
{
    for (int i = 0; i < ARRIVALS_COUNT; i++) {
        if (strcmp(arrivals_name((enum arrivals)i), written->text) == 0) {
            *out = (enum arrivals)i;
            return;
        }
    }
    loader_problem(loader, written->origin, "no arrivals `%s`; there are poisson and constant", written->text);
}

/* The single value, or a complaint. */
static void set_one(struct loader *loader, const struct key *key, const struct written *written)
{
    void *member = (char *)loader->workload + key->offset;
    int64_t number;
    switch (key->kind) {
    case KEY_TEXT:
        *(const char **)member = loader_copy(loader, written->text);
        break;
    case KEY_INT:
        if (parse_whole(loader, key, written, &number))
            *(int *)member = (int)number;
        break;
    case KEY_SEED:
        if (parse_whole(loader, key, written, &number))
            *(uint64_t *)member = (uint64_t)number;
        break;
    case KEY_BOOL:
        set_bool(loader, key, written, member);
        break;
    case KEY_BYTES:
        if (parse_bytes(loader, key, written, &number))
            *(int64_t *)member = number;
        break;
    case KEY_TIMEOUT:
        if (parse_timeout(loader, key, written, &number))
            *(int64_t *)member = number;
        break;
    case KEY_DURATION:
        if (parse_duration(loader, key, written, &number))
            *(int64_t *)member = number;
        break;
    case KEY_DURATION_RANGE:
        set_range(loader, key, written, member);
        break;
    case KEY_PROTOCOL:
        set_protocol(loader, written, member);
        break;
    case KEY_ARRIVALS:
        set_arrivals(loader, written, member);
        break;
    default:
        break;
    }
}

static bool takes_list(const struct key *key)
{
    return key->kind == KEY_INTS || key->kind == KEY_ISOLATIONS || key->kind == KEY_RATES;
}

static void set_rates(struct loader *loader, const struct key *key, const struct written *written, size_t count)
{
    struct rate *rates = LOADER_ARRAY(loader, struct rate, count);
    bool good = rates != NULL;
    for (size_t i = 0; rates && i < count; i++) {
        bool parsed = rate_parse(loader, &written[i], &rates[i]), twice = false;
        for (size_t k = 0; parsed && k < i; k++)
            twice = twice || (rates[k].kind == rates[i].kind && rates[k].value == rates[i].value);
        if (twice)
            loader_problem(loader, written[i].origin, "`%s` is in the list twice", written[i].text);
        good = good && parsed;
        if (!parsed)
            rates[i].value = -1 - (double)i; /* like no other */
    }
    if (good)
        set_list(loader->workload, key, rates, count);
}

static void set_key(struct loader *loader, const struct key *key, const struct written *written, size_t count)
{
    if (key->kind == KEY_RATES) {
        set_rates(loader, key, written, count);
    } else if (takes_list(key)) {
        set_ints(loader, key, written, count);
    } else {
        set_one(loader, key, written);
    }
}

/* --- From the file --------------------------------------------------------------------------------------------------
 */

static bool write_node(struct loader *loader, const struct key *key, const yaml_node_t *node, struct written *out)
{
    char what[80];
    snprintf(what, sizeof what, "`%s`", key->name);
    if (!loader_wants_text(loader, node, what))
        return false;
    *out = (struct written){doc_text(node), {.node = node}};
    return true;
}

static void bind_value(struct loader *loader, const struct key *key, const yaml_node_t *node)
{
    struct written written[LIST_MAX];
    if (!doc_is_list(node) || !takes_list(key)) {
        if (write_node(loader, key, node, written))
            set_key(loader, key, written, 1);
        return;
    }
    size_t count = doc_count(node);
    if (count == 0 || count > LIST_MAX) {
        doc_problem(&loader->doc, node, "`%s` must have from 1 to %d values", key->name, LIST_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (!write_node(loader, key, doc_item(&loader->doc, node, i), &written[i]))
            return;
    set_key(loader, key, written, count);
}

static void bind_section(struct loader *loader, const char *name, const struct key *keys, const yaml_node_t *node)
{
    char what[80];
    snprintf(what, sizeof what, "`%s`", name);
    if (doc_is_empty(node) || !loader_wants_map(loader, node, what))
        return;
    schema_check_keys(loader, node, keys, what);
    for (const struct key *key = keys; key->name; key++) {
        const yaml_node_t *value = doc_get(&loader->doc, node, key->name);
        if (value && key->kind != KEY_LATER)
            bind_value(loader, key, value);
    }
}

void schema_bind_pool(struct loader *loader, const yaml_node_t *node, struct pool_habits *habits)
{
    struct workload *workload = loader->workload, changed = {.pool = *habits};
    loader->workload = &changed; /* keys know their place in a workload */
    bind_section(loader, "pool", pool_keys, node);
    loader->workload = workload;
    *habits = changed.pool;
}

static void set_defaults(struct loader *loader, const struct key *keys)
{
    for (const struct key *key = keys; key->name; key++) {
        if (key->fallback)
            set_key(loader, key, &(struct written){key->fallback, {NULL, NULL}}, 1);
        if (key->kind == KEY_SECTION)
            set_defaults(loader, key->keys);
    }
}

/* --- From the command line ------------------------------------------------------------------------------------------
 */

static void override_key(struct loader *loader, const struct override *override, const struct key *key)
{
    struct origin origin = {.option = override->option};
    struct written written[LIST_MAX];
    size_t count = 0;
    char *list = arena_strdup(loader->arena, override->value);
    if (!list) {
        loader->problems->failed = true;
        return;
    }
    if (!takes_list(key)) {
        set_key(loader, key, &(struct written){list, origin}, 1);
        return;
    }
    for (char *item; (item = strsep(&list, ",")) != NULL && count < LIST_MAX;)
        written[count++] = (struct written){item + strspn(item, " "), origin};
    if (list)
        loader_problem(loader, origin, "`%s` must have from 1 to %d values", key->name, LIST_MAX);
    set_key(loader, key, written, count);
}

static const struct key *find_path(const char *path)
{
    const char *dot = strchr(path, '.');
    for (const struct key *key = top_keys; dot && key->name; key++)
        if (key->kind == KEY_SECTION && strlen(key->name) == (size_t)(dot - path) &&
            strncmp(key->name, path, (size_t)(dot - path)) == 0)
            return find_key(key->keys, dot + 1);
    return NULL;
}

const char *workload_key(const char *section, size_t i)
{
    const struct key *key = find_key(top_keys, section);
    key = key && key->kind == KEY_SECTION ? key->keys : NULL;
    for (; key && key->name && i > 0; i--)
        key++;
    return key ? key->name : NULL;
}

static void apply_overrides(struct loader *loader)
{
    for (size_t i = 0; i < loader->n_overrides; i++) {
        const struct override *override = &loader->overrides[i];
        const struct key *key = find_path(override->key);
        if (key)
            override_key(loader, override, key);
        else if (str_starts_with(override->key, "params.") || str_starts_with(override->key, "script."))
            continue; /* bind_params, bind_transactions */
        else if (strcmp(override->key, "variants") != 0)
            loader_problem(loader, (struct origin){.option = override->option}, "no key `%s` to override",
                           override->key);
    }
}

struct origin schema_origin(struct loader *loader, const char *path)
{
    char section[32];
    struct origin origin = {0};
    const char *dot = strchr(path, '.');
    snprintf(section, sizeof section, "%.*s", (int)(dot - path), path);
    const yaml_node_t *map = doc_get(&loader->doc, doc_root(&loader->doc), section);
    if (map && doc_is_map(map))
        origin.node = doc_get(&loader->doc, map, dot + 1);
    for (size_t i = 0; i < loader->n_overrides; i++)
        if (strcmp(loader->overrides[i].key, path) == 0)
            origin = (struct origin){.option = loader->overrides[i].option};
    return origin;
}

/* SQL among them: the server's errors in it are at its place. */
static void bind_text(struct loader *loader, const struct key *key, const yaml_node_t *node)
{
    bind_value(loader, key, node);
    loader_place(loader, *(const char **)((char *)loader->workload + key->offset), node);
}

void schema_bind(struct loader *loader, const yaml_node_t *root)
{
    schema_check_keys(loader, root, top_keys, "a workload");
    set_defaults(loader, top_keys);
    for (const struct key *key = top_keys; key->name; key++) {
        const yaml_node_t *node = doc_get(&loader->doc, root, key->name);
        if (node && key->kind == KEY_SECTION)
            bind_section(loader, key->name, key->keys, node);
    }
    apply_overrides(loader);
    size_t before = 0;
    for (const struct key *key = top_keys; key->name; key++) {
        const yaml_node_t *node = doc_get(&loader->doc, root, key->name);
        before = key->bind == bind_params ? problems_told(loader->problems) : before;
        if (key->kind == KEY_TEXT && node)
            bind_text(loader, key, node);
        else if (key->kind == KEY_BIND && (node || key->bind == bind_params || key->bind == bind_variants))
            key->bind(loader, node);
        if (key->bind == bind_tables) /* params, sources and tables stand one after the other in top_keys */
            loader->data_sound = problems_told(loader->problems) == before;
    }
}
