#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/str.h"
#include "keeper.h"

/* --- What a workload may not set ---------------------------------------------------------------------------------- */

/* Whoever could set these would take the server away from us, or open it to others. (The include_* are no settings, but
 * postgresql.conf has them in the same form, and what they bring in could set all of these.) */
static const char *const reserved[] = {
    "config_file",
    "data_directory",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "include",
    "include_dir",
    "include_if_exists",
    "listen_addresses",
    "port",
    "unix_socket_directories",
    "unix_socket_group",
    "unix_socket_permissions",
};

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

/* What may stand in postgresql.conf before the "="; a dot separates an extension's prefix. */
static bool is_setting_name(const char *name)
{
    return *name != '\0' && strchr(LETTERS, *name) && name[strspn(name, LETTERS "0123456789.$")] == '\0';
}

bool settings_check(const struct cluster_options *options, struct err *err)
{
    for (size_t i = 0; i < options->n_settings; i++) {
        const char *name = options->settings[i].name;
        if (!is_setting_name(name))
            return err_set(err, ERR_INPUT, "server", "\"%s\" is not the name of a setting", name);
        for (size_t j = 0; j < sizeof reserved / sizeof *reserved; j++) {
            if (strcasecmp(name, reserved[j]) == 0)
                return err_set(err, ERR_INPUT, "server", "%s is pgdyno's own on a private server; leave it out", name);
        }
    }
    return true;
}

/* --- postgresql.conf ---------------------------------------------------------------------------------------------- */

static void append_setting(struct str *conf, const char *name, const char *value)
{
    str_printf(conf, "%s = '", name);
    for (const char *s = value; *s; s++) {
        if (*s == '\'' || *s == '\\')
            str_append_char(conf, '\\');
        if (*s == '\n')
            str_append(conf, "\\n");
        else
            str_append_char(conf, *s);
    }
    str_append(conf, "'\n");
}

static void append_own_settings(const struct cluster_options *options, const char *folder, struct str *conf)
{
    char socket_folder[2 * KEEPER_FOLDER_BYTES + 3] = "\"", connections[16];
    size_t len = 1;
    for (const char *s = folder; *s; s++) { /* a list of folders, each quoted like an identifier */
        if (*s == '"')
            socket_folder[len++] = '"';
        socket_folder[len++] = *s;
    }
    socket_folder[len] = '"';
    /* Some to spare: for an observer with psql, and for backends that are still saying good-bye. */
    snprintf(connections, sizeof connections, "%d",
             (options->max_connections > 12 ? options->max_connections : 12) + 8);
    const struct setting rows[] = {
        {"listen_addresses", ""},
        {"port", KEEPER_PORT},
        {"unix_socket_directories", socket_folder},
        {"unix_socket_permissions", "0700"},
        {"max_connections", connections},
        /* pgdyno asks for a checkpoint before each trial; none shall come by itself within one. */
        {"checkpoint_timeout", "1h"},
        {"max_wal_size", "8GB"},
        /* A trial that writes little shall not make that checkpoint delete the WAL files (stock: all beyond 80 MB) that
         * the next one would have to make again, 16 MB at a time, synced, within its transactions (WALInitWrite). */
        {"min_wal_size", "1GB"},
        {"cluster_name", "pgdyno"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        append_setting(conf, rows[i].name, rows[i].value);
    if (options->fast_unsafe) {
        append_setting(conf, "fsync", "off");
        append_setting(conf, "full_page_writes", "off");
    }
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t wrote = write(fd, data, len);
        if (wrote < 0 && errno != EINTR)
            return false;
        data += wrote > 0 ? wrote : 0;
        len -= wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

bool settings_write(const struct cluster_options *options, const char *folder, struct err *err)
{
    char path[PATH_MAX];
    struct str conf = {0};
    snprintf(path, sizeof path, "%s/data/postgresql.conf", folder);
    str_append(&conf, "\n# pgdyno's own\n");
    append_own_settings(options, folder, &conf);
    str_append(&conf, "# the workload's\n");
    for (size_t i = 0; i < options->n_settings; i++)
        append_setting(&conf, options->settings[i].name, options->settings[i].value);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    bool ok = !conf.failed || err_memory(err);
    if (ok && (fd < 0 || !write_all(fd, str_text(&conf), conf.len)))
        ok = err_system(err, path, "cannot write");
    if (fd >= 0)
        close(fd);
    str_deinit(&conf);
    return ok;
}
