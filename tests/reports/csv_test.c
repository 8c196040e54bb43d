/* What the CSV files say, to the letter. */
#include "place.h"

/* conventions.md, "Files", with the dots of service_… and pool_wait_… written out. */
#define STATISTICS(name)                                                                                               \
    name "_avg_ms," name "_stddev_ms," name "_min_ms," name "_p50_ms," name "_p90_ms," name "_p95_ms," name            \
         "_p99_ms," name "_p99_9_ms," name "_max_ms,"
#define SUMMARY_HEADER                                                                                                 \
    "run_id,workload,variant,pool_size,isolation,rate_target_tps,clients,threads,block,transaction,statement,"         \
    "duration_s,scheduled,ok,failed,timed_out,censored,tps,goodput_tps,retried,retries,serialization_failures,"        \
    "deadlock_failures,other_failures,reconnects," STATISTICS("response") STATISTICS("service")                        \
        STATISTICS("pool_wait") "harness_lag_p99_ms,wal_bytes_per_txn,valid,verdict,reason,warnings\n"

static void test_csv_headers(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    free(report(place, false, NULL));
    char *summary = synthetic_slurp(place->folder, "summary.csv"),
         *time = synthetic_slurp(place->folder, "timeseries.csv"),
         *compare = synthetic_slurp(place->folder, "compare.csv");
    assert_int_equal(strncmp(summary, SUMMARY_HEADER, strlen(SUMMARY_HEADER)), 0);
    const char *time_header = "time_s,time_epoch_s," SUMMARY_HEADER;
    assert_int_equal(strncmp(time, time_header, strlen(time_header)), 0);
    const char *compare_header =
        "transaction,metric,pool_size,isolation,rate_target_tps,baseline,variant,baseline_value,"
        "variant_value,ratio,ci_low,ci_high,p_value,p_adjusted,n_blocks,mde_pct,verdict\n";
    assert_int_equal(strncmp(compare, compare_header, strlen(compare_header)), 0);
    free(summary);
    free(time);
    free(compare);
}

static size_t count_char(const char *text, char wanted)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == wanted;
    return n;
}

static void test_csv_rows(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    free(report(place, false, NULL));
    char *summary = synthetic_slurp(place->folder, "summary.csv"),
         *time = synthetic_slurp(place->folder, "timeseries.csv"),
         *compare = synthetic_slurp(place->folder, "compare.csv");
    /* 16 trials × (dashboard, its two statements, close_task, its one) */
    assert_int_equal(count_char(summary, '\n'), 1 + 16 * 5);
    assert_has(summary,
               "\ntasks-20261121T101500,tasks,none,8,read committed,,4,2,1,dashboard,all,2.5,500,500,0,0,0,200,200,0,0,"
               "0,0,0,0,");
    /* a statement knows how often it ran and its service time */
    assert_has(
        summary,
        ",dashboard,2,2.5,,500,,,,200,200,,,,,,0,,,,,,,,,,0.001,0,0.001,0.001,0.001,0.001,,,0.001,,,,,,,,,,0.003,"
        "206,1,valid,,\n");
    /* pool wait is 0 by construction; 500 values carry no p99 */
    assert_has(summary, ",0,0,0,0,0,0,0,0,0,0.003,206,1,valid,,\n");
    /* 2.5 s are 3 intervals, each with a row for all and one a transaction; the last is half a second long */
    assert_int_equal(count_char(time, '\n'), 1 + 16 * 3 * 3);
    assert_has(
        time,
        "\n2,1795256102,tasks-20261121T101500,tasks,none,8,read committed,,4,2,1,all,all,0.5,200,200,0,0,0,400,400,");
    /* 2 transactions × 5 metrics; every block the same, so that all differences are the same */
    assert_int_equal(count_char(compare, '\n'), 1 + 2 * 5);
    assert_has(compare, "\ndashboard,throughput,8,read committed,,none,status_prio,200,200,1,1,1,1,1,8,,\n");
    free(summary);
    free(time);
    free(compare);
}

static void test_csv_quotes(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.trouble = true;
    shape.names[1] = "a, \"b\"\n|c|";
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    assert_file_has(place, "summary.csv", ",tasks,\"a, \"\"b\"\"\n|c|\",8,");
    assert_file_has(place, "summary.csv",
                    ",0,invalid,,\"not valid: harness lag p99 3.1 ms is over 100 µs, with a \"\"quote\"\"\"\n");
    assert_file_has(place, "report.md", "\\|c\\|");
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_csv_headers),
        PLACE_TEST(test_csv_rows),
        PLACE_TEST(test_csv_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
