/* Every file of tests/data/bad says exactly what its .expected says (a missing .yaml is a missing file); every file of
 * tests/data/good and of the catalog loads. A bad file's lines `# override KEY VALUE OPTION` are its command line. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "workloads/workload.h"

enum {
    OVERRIDES_MAX = 8,
    BAD_FILES_MIN = 85
};

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    size_t len = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    text[len] = '\0';
    return text;
}

static size_t read_overrides(const char *path, char words[][3][64], struct override *out)
{
    size_t count = 0;
    char *text = read_file(path);
    for (char *line = text; line && count < OVERRIDES_MAX && (line = strstr(line, "# override ")) != NULL; line++) {
        if (sscanf(line, "# override %63s %63s %63s", words[count][0], words[count][1], words[count][2]) == 3) {
            out[count] = (struct override){words[count][0], words[count][1], words[count][2]};
            count++;
        }
    }
    free(text);
    return count;
}

static void check_bad(const char *name)
{
    char path[300], expected_path[300], words[OVERRIDES_MAX][3][64];
    struct override overrides[OVERRIDES_MAX];
    snprintf(path, sizeof path, "%s.yaml", name);
    snprintf(expected_path, sizeof expected_path, "%s.expected", name);
    size_t count = read_overrides(path, words, overrides);
    struct workload *workload = NULL;
    struct problems problems = {0};
    struct str shown = {0};
    bool loaded = workload_load(path, overrides, count, &workload, &problems);
    problems_print(&problems, false, &shown);
    char *expected = read_file(expected_path);
    if (loaded || workload || !expected)
        fail_msg("%s: %s", name, loaded ? "was accepted" : "has no .expected");
    if (strcmp(str_text(&shown), expected) != 0)
        fail_msg("%s\n--- expected\n%s--- said\n%s", name, expected, str_text(&shown));
    free(expected);
    str_deinit(&shown);
    problems_deinit(&problems);
}

/* Names in the folder with the suffix cut off, given to `check`. */
static int each_file(const char *folder, const char *suffix, void (*check)(const char *name))
{
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        size_t len = strlen(entry->d_name), suffix_len = strlen(suffix);
        if (len <= suffix_len || strcmp(entry->d_name + len - suffix_len, suffix) != 0)
            continue;
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)(len - suffix_len), entry->d_name);
        check(name);
        count++;
    }
    closedir(dir);
    return count;
}

static void check_has_expected(const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s.expected", name);
    if (access(path, R_OK) != 0)
        fail_msg("%s.yaml has no .expected beside it", name);
}

static void bad_files_say_what_is_wrong(void **state)
{
    (void)state;
    assert_int_equal(chdir(TEST_DATA_DIR "/bad"), 0);
    each_file(".", ".yaml", check_has_expected);
    assert_true(each_file(".", ".expected", check_bad) >= BAD_FILES_MIN);
}

static void check_loads(const char *path)
{
    struct workload *workload = NULL;
    struct problems problems = {0};
    struct str shown = {0};
    if (!workload_load(path, NULL, 0, &workload, &problems)) {
        problems_print(&problems, false, &shown);
        fail_msg("%s\n%s", path, str_text(&shown));
    }
    problems_deinit(&problems);
    workload_free(workload);
}

static void check_good(const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s.yaml", name);
    check_loads(path);
}

static void good_files_load(void **state)
{
    (void)state;
    assert_int_equal(chdir(TEST_DATA_DIR "/good"), 0);
    assert_true(each_file(".", ".yaml", check_good) > 0);
}

static void write_text(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* The examples of the reference are workloads that load: no key in them is a promise. */
static void the_reference_is_true(void **state)
{
    (void)state;
    static const char begin[] = "```yaml\nworkload:";
    static const struct {
        const char *name, *text;
    } beside[] = {{"first_names.csv", "first_name\nAnn\n"}, {"up.sql", "SELECT 1"}, {"down.sql", "SELECT 1"}};
    char folder[] = "/tmp/pgdyno_reference_XXXXXX";
    char *text = read_file(TEST_REFERENCE);
    int blocks = 0;
    assert_non_null(text);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++)
        write_text(beside[i].name, beside[i].text, strlen(beside[i].text));
    for (const char *at = text; (at = strstr(at, begin)) != NULL; at++, blocks++) {
        const char *block = at + strlen("```yaml\n"), *end = strstr(block, "```");
        assert_non_null(end);
        write_text("example.yaml", block, (size_t)(end - block));
        check_loads("example.yaml");
    }
    assert_true(blocks >= 3);
    assert_int_equal(unlink("example.yaml"), 0);
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++)
        assert_int_equal(unlink(beside[i].name), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
    free(text);
}

static void the_catalog_loads(void **state)
{
    (void)state;
    struct catalog_entry *entries;
    size_t count;
    struct err err = {0};
    unsetenv("PGDYNO_CATALOG");
    if (!catalog_list(&entries, &count, &err))
        fail_msg("%s", err.text);
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        assert_true(strlen(entries[i].about) > 20);
        check_loads(entries[i].path);
        assert_true(i == 0 || strcmp(entries[i - 1].name, entries[i].name) < 0);
    }
    catalog_free(entries, count);
}

static void names_are_found_in_the_catalog(void **state)
{
    (void)state;
    char path[4096];
    struct err err = {0};
    unsetenv("PGDYNO_CATALOG");
    assert_true(workload_find("tasks", path, sizeof path, &err));
    assert_true(access(path, R_OK) == 0);
    assert_true(workload_find("./mine", path, sizeof path, &err));
    assert_string_equal(path, "./mine");
    assert_true(workload_find("mine.yml", path, sizeof path, &err));
    assert_string_equal(path, "mine.yml");
    assert_false(workload_find("tassks", path, sizeof path, &err));
    assert_non_null(strstr(err.text, "did you mean `tasks`?"));
    assert_non_null(strstr(err.text, "e.g. ./tassks.yaml"));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_false(workload_find(".", path, sizeof path, &err));
    assert_non_null(strstr(err.text, "e.g. ./mine.yaml"));
}

static void the_environment_names_a_catalog(void **state)
{
    (void)state;
    char path[4096];
    struct err err = {0};
    setenv("PGDYNO_CATALOG", TEST_DATA_DIR "/good", 1);
    assert_true(workload_find("full", path, sizeof path, &err));
    assert_string_equal(path, TEST_DATA_DIR "/good/full.yaml");
    setenv("PGDYNO_CATALOG", "/no/such/folder", 1);
    assert_false(workload_find("full", path, sizeof path, &err));
    unsetenv("PGDYNO_CATALOG");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_say_what_is_wrong),
        cmocka_unit_test(good_files_load),
        cmocka_unit_test(the_reference_is_true),
        cmocka_unit_test(the_catalog_loads),
        cmocka_unit_test(names_are_found_in_the_catalog),
        cmocka_unit_test(the_environment_names_a_catalog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
