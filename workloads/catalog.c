/* The workloads that come with pgdyno. The first of these folders that exists is the catalog:
 *
 *     $PGDYNO_CATALOG · the sources' for a program that still lies in its build tree · ../share/pgdyno/workloads beside
 *     the program's own folder · where it was installed to. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "loader.h"

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Where this program lies: "/usr/bin/pgdyno". */
static bool program_path(char *buf, size_t size)
{
    ssize_t len = readlink("/proc/self/exe", buf, size - 1);
    if (len <= 0)
        return false;
    buf[len] = '\0';
    return true;
}

static bool beside_program(char *buf, size_t size)
{
    char program[PATH_MAX];
    if (!program_path(program, sizeof program))
        return false;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(program, '/');
        if (!slash)
            return false;
        *slash = '\0';
    }
    return (size_t)snprintf(buf, size, "%s/share/pgdyno/workloads", program) < size && is_folder(buf);
}

static bool in_build_tree(char *buf, size_t size)
{
    char program[PATH_MAX];
    snprintf(buf, size, "%s", PGDYNO_SOURCE_CATALOG);
    return program_path(program, sizeof program) && str_starts_with(program, PGDYNO_BUILD_DIR "/") && is_folder(buf);
}

static bool catalog_folder(char *buf, size_t size, struct err *err)
{
    const char *given = getenv("PGDYNO_CATALOG");
    if (given && *given) {
        snprintf(buf, size, "%s", given);
        return is_folder(buf) || err_set(err, ERR_INPUT, NULL, "PGDYNO_CATALOG is not a folder: %s", given);
    }
    if (in_build_tree(buf, size) || beside_program(buf, size))
        return true;
    snprintf(buf, size, "%s", PGDYNO_CATALOG_DIR);
    return is_folder(buf) || err_set(err, ERR_INPUT, NULL,
                                     "there is no catalog of workloads in %s; set PGDYNO_CATALOG to its folder", buf);
}

static bool has_suffix(const char *text, const char *suffix)
{
    size_t len = strlen(text), suffix_len = strlen(suffix);
    return len > suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

/* The scalar value of a top-level key, copied; "" if there is none. */
static char *top_value(yaml_document_t *document, const char *key)
{
    const yaml_node_t *root = yaml_document_get_root_node(document);
    if (!root || root->type != YAML_MAPPING_NODE)
        return strdup("");
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(document, pair->value);
        if (doc_is_scalar(name) && doc_is_scalar(value) && strcmp(doc_text(name), key) == 0)
            return strdup(doc_text(value));
    }
    return strdup("");
}

/* Only the question is wanted here, so a workload with mistakes is listed too. */
static char *read_about(const char *path)
{
    struct str text = {0};
    yaml_parser_t parser;
    yaml_document_t document;
    char *about = NULL;
    if (file_read(path, &text, NULL) && yaml_parser_initialize(&parser)) {
        yaml_parser_set_input_string(&parser, (const unsigned char *)str_text(&text), text.len);
        if (yaml_parser_load(&parser, &document)) {
            about = top_value(&document, "about");
            yaml_document_delete(&document);
        }
        yaml_parser_delete(&parser);
    }
    str_deinit(&text);
    return about ? about : strdup("");
}

static bool add_entry(struct catalog_entry **entries, size_t *count, const char *folder, const char *file)
{
    struct catalog_entry *list = reallocarray(*entries, *count + 1, sizeof *list);
    if (!list)
        return false;
    *entries = list;
    struct str path = {0};
    str_printf(&path, "%s/%s", folder, file);
    struct catalog_entry *entry = &list[(*count)++];
    *entry = (struct catalog_entry){.name = strndup(file, strlen(file) - strlen(".yaml")), .path = str_steal(&path)};
    entry->about = entry->path ? read_about(entry->path) : NULL;
    return entry->name && entry->path && entry->about;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct catalog_entry *)a)->name, ((const struct catalog_entry *)b)->name);
}

bool catalog_list(struct catalog_entry **out, size_t *count, struct err *err)
{
    char folder[PATH_MAX];
    *out = NULL;
    *count = 0;
    if (!catalog_folder(folder, sizeof folder, err))
        return false;
    DIR *dir = opendir(folder);
    if (!dir)
        return err_system(err, NULL, "cannot read %s", folder);
    bool good = true;
    for (struct dirent *file; good && (file = readdir(dir)) != NULL;)
        if (has_suffix(file->d_name, ".yaml") && file->d_name[0] != '.')
            good = add_entry(out, count, folder, file->d_name);
    closedir(dir);
    if (!good) {
        catalog_free(*out, *count);
        *out = NULL;
        *count = 0;
        return err_memory(err);
    }
    if (*count > 1)
        qsort(*out, *count, sizeof **out, by_name);
    return true;
}

void catalog_free(struct catalog_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(entries[i].name);
        free(entries[i].about);
        free(entries[i].path);
    }
    free(entries);
}

static bool unknown_name(const char *name, const struct catalog_entry *entries, size_t count, struct err *err)
{
    const char **names = calloc(count + 1, sizeof *names);
    struct str all = {0};
    if (!names)
        return err_memory(err);
    for (size_t i = 0; i < count; i++) {
        names[i] = entries[i].name;
        str_printf(&all, "%s%s", i ? ", " : "", names[i]);
    }
    char hint[160];
    err_set(err, ERR_INPUT, NULL,
            "no workload `%s`%s; the catalog has %s. A file of your own is given by its path, e.g. ./%s.yaml", name,
            loader_hint(hint, sizeof hint, name, names), count ? str_text(&all) : "none",
            expr_is_name(name) ? name : "mine");
    str_deinit(&all);
    free(names);
    return false;
}

bool workload_find(const char *name, char *path, size_t size, struct err *err)
{
    struct catalog_entry *entries;
    size_t count;
    const char *found = NULL;
    if (strchr(name, '/') || has_suffix(name, ".yaml") || has_suffix(name, ".yml"))
        return (size_t)snprintf(path, size, "%s", name) < size ||
               err_set(err, ERR_USAGE, NULL, "the workload's path is too long");
    if (!catalog_list(&entries, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries[i].name, name) == 0)
            found = entries[i].path;
    bool good =
        found ? (size_t)snprintf(path, size, "%s", found) < size || err_set(err, ERR_USAGE, NULL, "too long a path")
              : unknown_name(name, entries, count, err);
    catalog_free(entries, count);
    return good;
}
