#include "cli/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"

enum {
    MAX_TRIES = 1000,
    PATH_BYTES = 4096
};

void folder_run_id(const char *workload, int64_t wall_ns, char *buf, size_t size)
{
    char stamp[32] = "";
    time_t seconds = (time_t)(wall_ns / NS_PER_S);
    struct tm when;
    if (localtime_r(&seconds, &when))
        strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", &when);
    snprintf(buf, size, "%s-%s", workload, stamp);
}

bool folder_claim(const char *parent, char *run_id, size_t size, char *path, size_t path_size, struct err *err)
{
    size_t len = strlen(run_id);
    if (mkdir(parent, 0777) != 0 && errno != EEXIST)
        return err_system(err, parent, "the folder for results cannot be made; choose another with -o DIR");
    for (int i = 1; i <= MAX_TRIES; i++) {
        if (i > 1)
            snprintf(run_id + len, size - len, "-%d", i);
        snprintf(path, path_size, "%s/%s", parent, run_id);
        if (mkdir(path, 0777) == 0)
            return true;
        /* A run beside us, that measured nothing, may have taken the empty parent away. */
        if (errno == ENOENT && mkdir(parent, 0777) == 0 && mkdir(path, 0777) == 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    return err_system(err, path, "the folder for results cannot be made; choose another with -o DIR");
}

bool folder_link_latest(const char *parent, const char *run_id, struct err *err)
{
    char link[PATH_BYTES], temporary[PATH_BYTES];
    struct stat found;
    snprintf(link, sizeof link, "%s/latest", parent);
    snprintf(temporary, sizeof temporary, "%s/.latest.%d", parent, (int)getpid());
    if (lstat(link, &found) == 0 && !S_ISLNK(found.st_mode))
        return err_set(err, ERR_SYSTEM, link, "is not a link of ours, and stays as it is");
    unlink(temporary);
    if (symlink(run_id, temporary) != 0)
        return err_system(err, link, "the link cannot be made");
    if (rename(temporary, link) == 0)
        return true;
    err_system(err, link, "the link cannot be made");
    unlink(temporary);
    return false;
}

void folder_discard(const char *path)
{
    char child[PATH_BYTES];
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (unlink(child) != 0)
            proc_remove_tree(child, NULL);
    }
    if (dir)
        closedir(dir);
    rmdir(path); /* may be a mount point, or the shell's own folder */
}
