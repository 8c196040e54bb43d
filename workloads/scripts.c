/* Which scripts: `script:` of a transaction, -f and -b of the command line. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"
#include "bind_script.h"

/* --- Where scripts come from ----------------------------------------------------------------------------------------
 */

static void list_builtins(struct str *out)
{
    for (const struct script_builtin *each = script_builtins; each->name; each++)
        str_printf(out, "%s%s", each == script_builtins ? "" : ", ", each->name);
}

static bool bind_file(struct builder *builder, const char *path, struct err *err)
{
    struct loader *loader = builder->loader;
    struct str text = {0};
    bool good = file_read(path, &text, err);
    const char *copy = good ? loader_copy(loader, str_text(&text)) : NULL;
    const char *name = loader_copy(loader, path);
    if (copy && name)
        bind_script_text(builder, name, copy);
    loader->problems->failed = loader->problems->failed || text.failed;
    str_deinit(&text);
    return good;
}

static void bind_builtin(struct builder *builder, const struct script_builtin *builtin)
{
    builder->loader->workload->builtins = true;
    bind_script_text(builder, builtin->name, builtin->text);
}

static bool is_path(const char *name)
{
    size_t len = strlen(name);
    return strchr(name, '/') || (len > 4 && strcasecmp(name + len - 4, ".sql") == 0);
}

void bind_script(struct builder *builder, const yaml_node_t *node)
{
    struct loader *loader = builder->loader;
    struct err err;
    char path[4096];
    if (!loader_wants_text(loader, node, "`script`"))
        return;
    const char *name = doc_text(node);
    const struct script_builtin *builtin = is_path(name) ? NULL : script_builtin_find(name);
    if (builtin) {
        bind_builtin(builder, builtin);
        return;
    }
    loader_path(loader, name, path, sizeof path);
    if (bind_file(builder, path, &err))
        return;
    struct str builtins = {0};
    list_builtins(&builtins);
    doc_problem(&loader->doc, node, "%s; built-in scripts are %s", err.text, str_text(&builtins));
    str_deinit(&builtins);
}

/* --- From the command line ------------------------------------------------------------------------------------------
 */

static bool is_builtin(const struct override *override)
{
    return strcmp(override->key, OVERRIDE_SCRIPT_BUILTIN) == 0;
}

static bool is_script(const struct override *override)
{
    return is_builtin(override) || strcmp(override->key, OVERRIDE_SCRIPT_FILE) == 0;
}

size_t scripts_given(const struct loader *loader)
{
    size_t count = 0;
    for (size_t i = 0; i < loader->n_overrides; i++)
        count += is_script(&loader->overrides[i]);
    return count;
}

/* "file@weight": the last @ counts, as for pgbench. The name without it; NULL after a report. */
static char *split_weight(struct loader *loader, const struct override *override, int64_t *weight)
{
    char *name = arena_strdup(loader->arena, override->value), *at = name ? strrchr(name, '@') : NULL;
    *weight = 1;
    loader->problems->failed = loader->problems->failed || !name;
    if (!at)
        return name;
    *at = '\0';
    if (units_parse_int(at + 1, weight) && *weight >= 0 && *weight <= INT32_MAX)
        return name;
    loader_problem(loader, (struct origin){.option = override->option},
                   "the weight behind @ must be a whole number from 0 to 2147483647, not `%s`", at + 1);
    return NULL;
}

static bool is_taken(const struct transaction *transactions, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(transactions[i].name, name) == 0)
            return true;
    return false;
}

/* "scripts/tpcb-like.sql" is the transaction tpcb_like, or tpcb_like_2 when there is one already. */
static const char *transaction_name(struct loader *loader, const char *script, const struct transaction *transactions,
                                    size_t count)
{
    char base[SCRIPT_NAME_BYTES], name[SCRIPT_NAME_BYTES + 16];
    const char *slash = strrchr(script, '/');
    snprintf(base, sizeof base, "%s", slash ? slash + 1 : script);
    char *dot = strrchr(base, '.');
    if (dot && dot > base)
        *dot = '\0';
    for (char *c = base; *c; c++)
        *c = isalnum((unsigned char)*c) ? *c : '_';
    snprintf(name, sizeof name, "%s%s", isdigit((unsigned char)*base) || !*base ? "s" : "", base);
    for (int number = 2; is_taken(transactions, count, name); number++)
        snprintf(name, sizeof name, "%s%s_%d", isdigit((unsigned char)*base) ? "s" : "", base, number);
    return loader_copy(loader, name);
}

static void unknown_builtin(struct loader *loader, const struct override *override, const char *name)
{
    struct str all = {0};
    int begun = 0;
    for (const struct script_builtin *each = script_builtins; each->name; each++)
        begun += str_starts_with(each->name, name);
    list_builtins(&all);
    loader_problem(loader, (struct origin){.option = override->option}, "%s `%s`; there are %s",
                   begun > 1 ? "more than one built-in script begins with" : "no built-in script", name,
                   str_text(&all));
    str_deinit(&all);
}

static void bind_given(struct builder *builder, const struct override *override, const char *name)
{
    struct err err;
    if (is_builtin(override)) {
        const struct script_builtin *builtin = script_builtin_find(name);
        if (builtin)
            bind_builtin(builder, builtin);
        else
            unknown_builtin(builder->loader, override, name);
    } else if (!bind_file(builder, strcmp(name, "-") == 0 ? "/dev/stdin" : name, &err)) {
        loader_problem(builder->loader, (struct origin){.option = override->option}, "%s", err.text);
    }
}

void bind_given_scripts(struct loader *loader)
{
    struct workload *workload = loader->workload;
    struct transaction *transactions = LOADER_ARRAY(loader, struct transaction, scripts_given(loader));
    workload->transactions = transactions;
    for (size_t i = 0; transactions && i < loader->n_overrides && !loader->problems->failed; i++) {
        const struct override *override = &loader->overrides[i];
        struct builder builder;
        int64_t weight;
        char *name = is_script(override) ? split_weight(loader, override, &weight) : NULL;
        if (!name)
            continue;
        struct transaction *transaction = &transactions[workload->n_transactions];
        const struct script_builtin *builtin = is_builtin(override) ? script_builtin_find(name) : NULL;
        const char *full = builtin ? builtin->name : name;
        *transaction = (struct transaction){
            .name = transaction_name(loader, full, transactions, workload->n_transactions), .weight = weight};
        if (!transaction->name)
            return;
        builder_init(&builder, loader, transaction);
        bind_given(&builder, override, name);
        builder_finish(&builder);
        workload->total_weight += weight;
        workload->n_transactions++;
    }
}
