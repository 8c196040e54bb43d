/* pgbench's own scripts. */
#include <string.h>

#include "base/str.h"
#include "workloads/script.h"

#define DRAW_ACCOUNT "\\set aid random(1, 100000 * :scale)\n"
#define DRAW_OTHERS                                                                                                    \
    "\\set bid random(1, 1 * :scale)\n"                                                                                \
    "\\set tid random(1, 10 * :scale)\n"                                                                               \
    "\\set delta random(-5000, 5000)\n"
#define READ_ACCOUNT "SELECT abalance FROM pgbench_accounts WHERE aid = :aid;\n"
#define BEGIN_UPDATE                                                                                                   \
    "BEGIN;\n"                                                                                                         \
    "UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;\n" READ_ACCOUNT
#define INSERT_END                                                                                                     \
    "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, "                     \
    "CURRENT_TIMESTAMP);\n"                                                                                            \
    "END;\n"

const struct script_builtin script_builtins[] = {
    {"tpcb-like", "TPC-B, roughly: account, teller and branch updated, a history row",
     DRAW_ACCOUNT DRAW_OTHERS BEGIN_UPDATE
     "UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;\n"
     "UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :bid;\n" INSERT_END},
    {"simple-update", "the same without tellers and branches", DRAW_ACCOUNT DRAW_OTHERS BEGIN_UPDATE INSERT_END},
    {"select-only", "an account's balance", DRAW_ACCOUNT READ_ACCOUNT},
    {0},
};

const struct script_builtin *script_builtin_find(const char *name)
{
    const struct script_builtin *found = NULL;
    int count = 0;
    for (const struct script_builtin *each = script_builtins; each->name; each++) {
        if (strcmp(each->name, name) == 0)
            return each;
        if (str_starts_with(each->name, name)) {
            found = each;
            count++;
        }
    }
    return count == 1 ? found : NULL;
}
