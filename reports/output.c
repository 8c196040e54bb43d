#include "output.h"

#include <csv.h>
#include <errno.h>
#include <string.h>

bool output_open(struct output *out, const char *folder, const char *name, struct err *err)
{
    int len = snprintf(out->path, sizeof out->path, "%s/%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof out->path)
        return err_set(err, ERR_INPUT, folder, "the path is too long");
    errno = 0;
    out->file = fopen(out->path, "we");
    return out->file || err_system(err, out->path, "cannot write the report (is the folder writable?)");
}

bool output_close(struct output *out, struct err *err)
{
    errno = 0;
    bool bad = fflush(out->file) != 0 || ferror(out->file);
    int first_errno = errno;
    bad |= fclose(out->file) != 0;
    out->file = NULL;
    if (!bad)
        return true;
    if (first_errno)
        errno = first_errno;
    return err_system(err, out->path, "cannot write the report (is the disk full?)");
}

void output_csv_field(FILE *file, const char *text)
{
    if (strpbrk(text, ",\"\r\n"))
        csv_fwrite(file, text, strlen(text));
    else
        fputs(text, file);
}
