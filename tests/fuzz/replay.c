/* replay FILE-OR-FOLDER…: each file through the target, once, with any compiler: the findings of earlier fuzzing stay
 * fixed. A slow input is a finding too, so each has a few seconds. */
#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target.h"

enum {
    SECONDS = 20 /* an input takes milliseconds; sanitizers and a busy machine are slower */
};

static int count;
static char current[4096 + 64];

static void too_slow(int signal)
{
    (void)signal;
    static const char text[] = ": this input takes too long\n";
    (void)!write(STDERR_FILENO, current, strlen(current));
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(1);
}

static void replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size + 1); /* exactly as long as the input: reading past it is seen */
    uint8_t *exact = malloc(size ? size : 1);
    fuzz_require(file && data && exact);
    fuzz_require(fread(data, 1, size + 1, file) == size);
    fclose(file);
    memcpy(exact, data, size);
    free(data);
    snprintf(current, sizeof current, "%s", path);
    alarm(SECONDS);
    LLVMFuzzerTestOneInput(exact, size);
    alarm(0);
    free(exact);
    count++;
}

static void replay(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        perror(path);
        exit(1);
    }
    DIR *dir = S_ISDIR(st.st_mode) ? opendir(path) : NULL;
    if (S_ISREG(st.st_mode)) {
        printf("%s\n", path); /* the last one printed is the one that failed */
        fflush(stdout);
        replay_file(path, (size_t)st.st_size);
    }
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        char inner[4096];
        if (entry->d_name[0] != '.' && snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) < (int)sizeof inner)
            replay(inner);
    }
    if (dir)
        closedir(dir);
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = too_slow};
    sigaction(SIGALRM, &action, NULL);
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%d inputs\n", count);
    return count == 0;
}
