#include "loader.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

void *loader_alloc(struct loader *loader, size_t count, size_t size)
{
    void *memory = arena_array(loader->arena, count, size);
    if (!memory)
        loader->problems->failed = true;
    return memory;
}

const char *loader_copy_n(struct loader *loader, const char *text, size_t len)
{
    const char *copy = arena_strndup(loader->arena, text, len);
    if (!copy)
        loader->problems->failed = true;
    return copy;
}

const char *loader_copy(struct loader *loader, const char *text)
{
    return loader_copy_n(loader, text, strlen(text));
}

const char *loader_where(struct loader *loader, const yaml_node_t *node)
{
    const char *slash = strrchr(loader->workload->path, '/');
    const char *file = slash ? slash + 1 : loader->workload->path;
    const char *where = arena_printf(loader->arena, "%s:%d", file, doc_line(node));
    if (!where)
        loader->problems->failed = true;
    return where;
}

void loader_place_at(struct loader *loader, const void *thing, const char *where)
{
    struct file_place *place = LOADER_ARRAY(loader, struct file_place, 1);
    if (!place || !where)
        return;
    *place = (struct file_place){thing, where, loader->workload->places};
    loader->workload->places = place;
}

void loader_place(struct loader *loader, const void *thing, const yaml_node_t *node)
{
    loader_place_at(loader, thing, loader_where(loader, node));
}

void loader_problem(struct loader *loader, struct origin origin, const char *fmt, ...)
{
    struct str text = {0};
    va_list args;
    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    if (origin.node)
        doc_problem(&loader->doc, origin.node, "%s", str_text(&text));
    else
        problems_add(loader->problems, 0, 0, 0, "%s: %s", origin.option ? origin.option : "default", str_text(&text));
    loader->problems->failed = loader->problems->failed || text.failed;
    str_deinit(&text);
}

const char *loader_hint(char *buf, size_t size, const char *word, const char *const *names)
{
    const char *nearest = str_nearest(word, names);
    buf[0] = '\0';
    if (nearest)
        snprintf(buf, size, " (did you mean `%s`?)", nearest);
    return buf;
}

static const char *kind_of(const yaml_node_t *node)
{
    if (doc_is_empty(node))
        return "nothing";
    return doc_is_map(node) ? "a map" : doc_is_list(node) ? "a list" : "a single value";
}

bool loader_wants_map(struct loader *loader, const yaml_node_t *node, const char *what)
{
    if (doc_is_map(node))
        return true;
    doc_problem(&loader->doc, node, "%s must be a map (`name: value` lines or `{…}`), not %s", what, kind_of(node));
    return false;
}

bool loader_wants_text(struct loader *loader, const yaml_node_t *node, const char *what)
{
    if (doc_is_scalar(node) && !doc_is_empty(node) && *doc_text(node))
        return true;
    doc_problem(&loader->doc, node, "%s must be a single value, not %s", what,
                doc_is_scalar(node) ? "nothing" : kind_of(node));
    return false;
}

bool loader_wants_name(struct loader *loader, const yaml_node_t *node, const char *what, size_t longest)
{
    if (!loader_wants_text(loader, node, what))
        return false;
    const char *name = doc_text(node);
    if (!expr_is_name(name))
        doc_problem(&loader->doc, node, "%s must be of letters, digits and underscores, not `%s`", what, name);
    else if (strlen(name) > longest)
        doc_problem(&loader->doc, node, "%s may have at most %zu characters", what, longest);
    else
        return true;
    return false;
}

/* Settings that would say something else than the report. NULL: the file may have it. */
static const char *setting_has_another_place(const char *name)
{
    static const struct {
        const char *name, *place;
    } rows[] = {
        {"default_transaction_isolation", "name isolation levels under `sweep`, as in `isolation: [rc, rr]`"},
        {"transaction_isolation", "name isolation levels under `sweep`, as in `isolation: [rc, rr]`"},
        {"standard_conforming_strings", "it is always on: the simple protocol's literals rely on it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcasecmp(name, rows[i].name) == 0)
            return rows[i].place;
    return NULL;
}

void bind_settings(struct loader *loader, const yaml_node_t *node, const char *what, const struct setting **out,
                   size_t *count)
{
    if (doc_is_empty(node) || !loader_wants_map(loader, node, what))
        return;
    struct setting *settings = LOADER_ARRAY(loader, struct setting, doc_count(node));
    *out = settings;
    *count = 0;
    for (size_t i = 0; settings && i < doc_count(node); i++) {
        const yaml_node_t *key = doc_key(&loader->doc, node, i), *value = doc_value(&loader->doc, node, i);
        char value_of[160];
        snprintf(value_of, sizeof value_of, "the setting `%.100s`", doc_text(key));
        const char *name = doc_text(key);
        if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")] || !*name) {
            doc_problem(&loader->doc, key, "`%s` is not the name of a setting", name);
        } else if (setting_has_another_place(name)) {
            doc_problem(&loader->doc, key, "`%s` cannot be set here: %s", name, setting_has_another_place(name));
        } else if (loader_wants_text(loader, value, value_of)) {
            loader_place(loader, &settings[*count], value);
            settings[(*count)++] = (struct setting){loader_copy(loader, name), loader_copy(loader, doc_text(value))};
        }
    }
}

void loader_path(const struct loader *loader, const char *path, char *buf, size_t size)
{
    const char *slash = strrchr(loader->workload->path, '/');
    if (*path == '/' || !slash)
        snprintf(buf, size, "%s", path);
    else
        snprintf(buf, size, "%.*s/%s", (int)(slash - loader->workload->path), loader->workload->path, path);
}

enum {
    FILE_BYTES_MAX = 64 * 1024 * 1024
};

static bool read_all(FILE *file, const char *path, struct str *out, struct err *err)
{
    struct stat st;
    if (fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode))
        return err_set(err, ERR_INPUT, path, "cannot read %s: it is a folder", path);
    char chunk[65536];
    size_t len;
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0 && out->len <= FILE_BYTES_MAX)
        str_append_n(out, chunk, len);
    if (ferror(file))
        return err_system(err, path, "cannot read %s", path);
    if (out->failed)
        return err_memory(err);
    if (out->len > FILE_BYTES_MAX)
        return err_set(err, ERR_INPUT, path, "cannot read %s: it is larger than 64 MB", path);
    if (memchr(str_text(out), '\0', out->len))
        return err_set(err, ERR_INPUT, path, "%s is not a text file: it has a zero byte", path);
    return true;
}

bool file_read(const char *path, struct str *out, struct err *err)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return err_system(err, path, "cannot open %s", path);
    bool good = read_all(file, path, out, err);
    fclose(file);
    if (good && str_starts_with(str_text(out), "\xEF\xBB\xBF")) {
        out->len -= 3;
        memmove(out->data, out->data + 3, out->len + 1);
    }
    return good;
}

static const char *keep_sql(struct loader *loader, const yaml_node_t *node, const struct str *text)
{
    if (str_text(text)[strspn(str_text(text), " \t\r\n;")] == '\0') {
        doc_problem(&loader->doc, node, "there is no SQL in `%s`", doc_text(node));
        return NULL;
    }
    const char *sql = loader_copy(loader, str_text(text));
    if (sql)
        loader_place_at(loader, sql, loader_copy(loader, doc_text(node)));
    loader->files_hash = loader->files_hash * 31 + str_hash(str_text(text), text->len);
    return sql;
}

const char *loader_sql_file(struct loader *loader, const yaml_node_t *node, const char *what)
{
    struct err err;
    char path[4096];
    struct str text = {0};
    const char *sql = NULL;
    if (!loader_wants_text(loader, node, what))
        return NULL;
    loader_path(loader, doc_text(node), path, sizeof path);
    if (file_read(path, &text, &err))
        sql = keep_sql(loader, node, &text);
    else
        doc_problem(&loader->doc, node, "%s", err.text);
    str_deinit(&text);
    return sql;
}
