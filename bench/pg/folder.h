/* The private server's folder: made and locked, and removed by the next run if its own could not. */
#ifndef PGDYNO_PG_FOLDER_H
#define PGDYNO_PG_FOLDER_H

#include <stdbool.h>

#include "base/err.h"
#include "keeper.h"

/* Remove what keepers that were killed left behind in `parent`, never what is in use or was to be kept. */
void folder_sweep(const char *parent);

/* Make a folder below job->parent and hold it locked from now on, by this process and by all that it starts. `folder`
 * is "" if it could not be made; after another failure it is there, for the caller to remove. */
bool folder_make(const struct keeper_job *job, char folder[KEEPER_FOLDER_BYTES], struct err *err);

#endif
