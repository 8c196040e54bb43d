#include "folder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/str.h"

#define LOCK_NAME "pgdyno.lock"
#define KEPT_NAME "pgdyno.kept"

static bool is_our_name(const char *name)
{
    const size_t prefix = sizeof "pgdyno-" - 1;
    if (strlen(name) != sizeof KEEPER_FOLDER_TEMPLATE - 1 || !str_starts_with(name, "pgdyno-"))
        return false;
    for (const char *s = name + prefix; *s; s++) {
        if (!isalnum((unsigned char)*s))
            return false;
    }
    return true;
}

/* A folder whose lock nobody holds was left behind by a keeper that was killed. The lock file appears in the folder
 * only when it is locked already (take_lock), so a run that is just starting is safe. */
static void sweep_folder(const char *parent, const char *name)
{
    char folder[PATH_MAX], path[PATH_MAX + 32];
    struct stat status;
    snprintf(folder, sizeof folder, "%s/%s", parent, name);
    if (lstat(folder, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
        return;
    snprintf(path, sizeof path, "%s/" KEPT_NAME, folder);
    if (access(path, F_OK) == 0)
        return;
    snprintf(path, sizeof path, "%s/" LOCK_NAME, folder);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        proc_remove_tree(folder, NULL);
    close(fd);
}

void folder_sweep(const char *parent)
{
    DIR *dir = opendir(parent);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (is_our_name(entry->d_name))
            sweep_folder(parent, entry->d_name);
    }
    closedir(dir);
}

/* The descriptor stays open in postgres and its backends too: the lock is free when the last of them is gone. */
static bool take_lock(const char *folder, struct err *err)
{
    char early[PATH_MAX], path[PATH_MAX];
    snprintf(early, sizeof early, "%s/" LOCK_NAME ".new", folder);
    snprintf(path, sizeof path, "%s/" LOCK_NAME, folder);
    int fd = open(early, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || rename(early, path) != 0)
        return err_system(err, path, "cannot lock the private server's folder");
    return true;
}

bool folder_make(const struct keeper_job *job, char folder[KEEPER_FOLDER_BYTES], struct err *err)
{
    char kept[PATH_MAX];
    snprintf(folder, KEEPER_FOLDER_BYTES, "%s/" KEEPER_FOLDER_TEMPLATE, job->parent);
    if (!mkdtemp(folder)) {
        *folder = '\0';
        err_system(err, job->parent, "the account %s cannot make a folder for the private server here", job->account);
        return err_append(err, "set TMPDIR to a folder where it may write");
    }
    if (job->options->keep) {
        snprintf(kept, sizeof kept, "%s/" KEPT_NAME, folder);
        int fd = open(kept, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            return err_system(err, kept, "cannot create");
        close(fd);
    }
    return take_lock(folder, err);
}
