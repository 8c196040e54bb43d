/* The keys of the file as rows: what they are called, mean and accept. Unknown keys, nearest names, limits, defaults
 * and command-line overrides all come from here. */
#ifndef WORKLOADS_SCHEMA_H
#define WORKLOADS_SCHEMA_H

#include "loader.h"

typedef void bind_fn(struct loader *loader, const yaml_node_t *node);

enum key_kind {
    KEY_LATER,          /* known, but not supported yet */
    KEY_ELSEWHERE,      /* its owner reads it */
    KEY_BIND,           /* `bind` reads it */
    KEY_SECTION,        /* `keys` are inside */
    KEY_TEXT,           /* const char * */
    KEY_INT,            /* int */
    KEY_SEED,           /* uint64_t */
    KEY_BOOL,           /* bool */
    KEY_BYTES,          /* int64_t */
    KEY_DURATION,       /* int64_t, ns */
    KEY_TIMEOUT,        /* int64_t, ns; `never` is 0 */
    KEY_DURATION_RANGE, /* two int64_t, ns: 1ms..100ms */
    KEY_INTS,           /* const int *, size_t */
    KEY_ISOLATIONS,     /* const enum isolation *, size_t */
    KEY_PROTOCOL,       /* enum protocol */
    KEY_ARRIVALS,       /* enum arrivals */
    KEY_RATES           /* const struct rate *, size_t */
};

/* What may stand behind a key whose kind does not tell; for help and for editors. */
enum key_form {
    FORM_OF_KIND,     /* the kind tells */
    FORM_TEXT,        /* one value */
    FORM_NAME,        /* a letter or underscore, then letters, digits, underscores */
    FORM_SQL,         /* SQL, or what is part of it */
    FORM_SQL_LIST,    /* one, or a list */
    FORM_FILE,        /* a path, relative to the workload file */
    FORM_NUMBER,      /* a whole number from 0 */
    FORM_BOOL,        /* true or false */
    FORM_DURATION,    /* 250ms, 8s, 5m */
    FORM_EXPRESSION,  /* one */
    FORM_NAMES,       /* one name, or a list */
    FORM_EXPRESSIONS, /* name: expression */
    FORM_SETTINGS,    /* setting: value */
    FORM_TEXTS,       /* name: text */
    FORM_FILES,       /* name: path */
    FORM_MAP,         /* `keys` are inside */
    FORM_MAPS,        /* name: map with `keys` */
    FORM_LIST         /* a list of maps with `keys` */
};

/* One value as it was written, and where. */
struct written {
    const char *text;
    struct origin origin;
};

struct key {
    const char *name;
    enum key_kind kind;
    size_t offset;        /* of the member in struct workload */
    int64_t min, max;     /* of each number; durations in ns, memory in bytes */
    const char *fallback; /* as it would be written; NULL: all-zero */
    const char *help;
    bind_fn *bind;
    const struct key *keys;
    enum key_form form;
    bool required; /* the map that it stands in is nothing without it */
};

/* Rows end with a NULL name. */
extern const struct key top_keys[], pool_keys[], table_keys[], transaction_keys[], step_keys[], each_keys[],
    repeat_keys[], elif_keys[], rewrite_keys[], variant_keys[];

/* A map of the file, found behind its first `owner`. */
struct key_group {
    const struct key *keys;
    const struct key *owner; /* NULL: the file itself */
    int outer;               /* the group that the owner is in; -1: none */
};
enum {
    KEY_GROUPS_MAX = 32
};
/* key_help.c: every map of the file once, from the whole to its parts; returns how many. */
size_t schema_groups(struct key_group groups[KEY_GROUPS_MAX]);
/* A time as one would write it: 10ms, 24h. */
const char *schema_limit(char *buf, size_t size, int64_t ns);

/* Report what is not in `keys`, and what is not supported yet. `what` is where: "a transaction". */
void schema_check_keys(struct loader *loader, const yaml_node_t *map, const struct key *keys, const char *what);
/* Defaults, then the file's sections, then the command line's; then, in the order of top_keys, everything else. */
void schema_bind(struct loader *loader, const yaml_node_t *root);
/* A `pool:` of a variant: what it says replaces that in *habits. */
void schema_bind_pool(struct loader *loader, const yaml_node_t *node, struct pool_habits *habits);
/* true, false and their like; reports anything else, and is false then. */
bool schema_bind_bool(struct loader *loader, const yaml_node_t *node, const char *name);
/* Where "load.clients" was given: the command line wins over the file; nowhere: both members are NULL. */
struct origin schema_origin(struct loader *loader, const char *path);

/* rates.c: "closed", "500/s", "500", "80%"; reports what is none of them, or out of limits. */
bool rate_parse(struct loader *loader, const struct written *written, struct rate *out);

/* check_load.c: the default of `arrivals`; then clients, rates and pool habits that contradict each other. After the
 * variants. */
void check_load(struct loader *loader);
/* Habits that leave nothing for each other to do; `where` made them so. `inherited` are the workload's, for a
 * variant's: what contradicts there already is not said again. */
void check_habits(struct loader *loader, struct origin where, const struct pool_habits *habits,
                  const struct pool_habits *inherited);

#endif
