#include "store/moment.h"

#include "store/connection.h"

int moment_check(PGconn *connection, const char *text, struct err *err) {
    PGresult *r = NULL;
    struct err reason;
    int rc = connection_query(connection, "SELECT $1::timestamptz", 1, &text, &r, &reason);
    PQclear(r);
    if (rc == 0)
        return 0;
    if (PQstatus(connection) != CONNECTION_OK) {
        *err = reason;
        return -1;
    }
    return err_set(err, ERR_USAGE, "'%s' is no time; write 2026-11-22 or '2026-11-22 14:30 UTC'",
                   text);
}
