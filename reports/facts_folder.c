/* What to say of a folder that is no result. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts_reader.h"

static bool has_file(const char *folder, const char *name)
{
    char path[READER_PATH_BYTES];
    return (size_t)snprintf(path, sizeof path, "%s/%s", folder, name) < sizeof path && access(path, F_OK) == 0;
}

/* Its entries, and the last by name of those that are results themselves: names of runs end in their time. */
static bool look_inside(const char *folder, size_t *entries, char *run, size_t size, struct err *err)
{
    char name[READER_PATH_BYTES];
    DIR *dir = opendir(folder);
    if (!dir)
        return err_system(err, folder, "cannot look into the folder");
    *entries = 0;
    *run = '\0';
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        ++*entries;
        snprintf(name, sizeof name, "%s/run.json", entry->d_name);
        if (has_file(folder, name) && strcmp(entry->d_name, run) > 0)
            snprintf(run, size, "%s", entry->d_name);
    }
    closedir(dir);
    return true;
}

bool facts_check_folder(const char *folder, struct err *err)
{
    struct stat status;
    size_t entries;
    char run[256];
    if (stat(folder, &status) != 0)
        return errno == ENOENT || errno == ENOTDIR ? err_set(err, ERR_INPUT, folder, "there is no such folder")
                                                   : err_system(err, folder, "cannot read the folder");
    if (!S_ISDIR(status.st_mode))
        return err_set(err, ERR_INPUT, folder, "not a folder: name the folder of a run");
    if (has_file(folder, "run.json"))
        return true;
    if (!look_inside(folder, &entries, run, sizeof run, err))
        return false;
    if (entries == 0)
        return err_set(err, ERR_INPUT, folder, "the folder is empty: no run wrote into it");
    if (has_file(folder, "trials.jsonl"))
        return err_set(err, ERR_INPUT, folder,
                       "run.json is missing: without it the trials that are there cannot be read");
    if (*run)
        return err_set(err, ERR_INPUT, folder, "not the folder of a run, but one of runs: did you mean %s/%s?", folder,
                       run);
    return err_set(err, ERR_INPUT, folder,
                   "not the folder of a run: it has no run.json; name one that pgdyno run wrote");
}
