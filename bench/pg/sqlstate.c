#include "pg/sqlstate.h"

#include <stddef.h>
#include <string.h>

/* The conditions that a load run meets, by the manual's appendix A. */
static const struct row {
    char code[6];
    const char *name;
} rows[] = {
    {"08000", "connection_exception"},
    {"08001", "sqlclient_unable_to_establish_sqlconnection"},
    {"08003", "connection_does_not_exist"},
    {"08006", "connection_failure"},
    {"08P01", "protocol_violation"},
    {"0A000", "feature_not_supported"},
    {"22000", "data_exception"},
    {"22001", "string_data_right_truncation"},
    {"22003", "numeric_value_out_of_range"},
    {"22007", "invalid_datetime_format"},
    {"22012", "division_by_zero"},
    {"22021", "character_not_in_repertoire"},
    {"22P02", "invalid_text_representation"},
    {"22P04", "bad_copy_file_format"},
    {"23000", "integrity_constraint_violation"},
    {"23001", "restrict_violation"},
    {"23502", "not_null_violation"},
    {"23503", "foreign_key_violation"},
    {"23505", "unique_violation"},
    {"23514", "check_violation"},
    {"23P01", "exclusion_violation"},
    {"25001", "active_sql_transaction"},
    {"25006", "read_only_sql_transaction"},
    {"25P02", "in_failed_sql_transaction"},
    {"25P03", "idle_in_transaction_session_timeout"},
    {"25P04", "transaction_timeout"},
    {"26000", "invalid_sql_statement_name"},
    {"28000", "invalid_authorization_specification"},
    {"28P01", "invalid_password"},
    {"3D000", "invalid_catalog_name"},
    {"3F000", "invalid_schema_name"},
    {"40000", "transaction_rollback"},
    {"40001", "serialization_failure"},
    {"40002", "transaction_integrity_constraint_violation"},
    {"40003", "statement_completion_unknown"},
    {"40P01", "deadlock_detected"},
    {"42501", "insufficient_privilege"},
    {"42601", "syntax_error"},
    {"42703", "undefined_column"},
    {"42704", "undefined_object"},
    {"42804", "datatype_mismatch"},
    {"42883", "undefined_function"},
    {"42P01", "undefined_table"},
    {"42P02", "undefined_parameter"},
    {"42P05", "duplicate_prepared_statement"},
    {"42P06", "duplicate_schema"},
    {"42P07", "duplicate_table"},
    {"53000", "insufficient_resources"},
    {"53100", "disk_full"},
    {"53200", "out_of_memory"},
    {"53300", "too_many_connections"},
    {"53400", "configuration_limit_exceeded"},
    {"54000", "program_limit_exceeded"},
    {"55000", "object_not_in_prerequisite_state"},
    {"55006", "object_in_use"},
    {"55P03", "lock_not_available"},
    {"57014", "query_canceled"},
    {"57P01", "admin_shutdown"},
    {"57P02", "crash_shutdown"},
    {"57P03", "cannot_connect_now"},
    {"57P04", "database_dropped"},
    {"57P05", "idle_session_timeout"},
    {"58030", "io_error"},
    {"P0001", "raise_exception"},
    {"P0002", "no_data_found"},
    {"P0003", "too_many_rows"},
    {"P0004", "assert_failure"},
    {"XX000", "internal_error"},
    {"XX001", "data_corrupted"},
    {"XX002", "index_corrupted"},
};

enum {
    ROWS = sizeof rows / sizeof *rows
};

static bool is_code_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

sqlstate sqlstate_parse(const char *text)
{
    if (!text)
        return 0;
    for (int i = 0; i < 5; i++) {
        if (!is_code_char(text[i]))
            return 0;
    }
    return text[5] == '\0' ? SQLSTATE(text[0], text[1], text[2], text[3], text[4]) : 0;
}

const char *sqlstate_text(sqlstate code, char buf[6])
{
    if (code == 0)
        return strcpy(buf, "-");
    for (int i = 4; i >= 0; i--, code >>= 6) {
        unsigned digit = code & 63;
        buf[i] = (char)(digit < 10 ? '0' + digit : 'A' + (digit - 10));
    }
    buf[5] = '\0';
    return buf;
}

const char *sqlstate_name(sqlstate code)
{
    char text[6];
    sqlstate_text(code, text);
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].code, text) == 0)
            return rows[i].name;
    }
    return "";
}

sqlstate sqlstate_find(const char *name)
{
    for (size_t i = 0; name && i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return sqlstate_parse(rows[i].code);
    }
    return sqlstate_parse(name);
}
