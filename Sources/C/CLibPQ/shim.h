// libpq for Swift. Debian keeps the header in its own folder, other systems do not.
#if __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#else
#include <libpq-fe.h>
#endif

// The PG_DIAG_ names are character constants cast to int, which Swift does not import.
static inline const char *registry_result_sqlstate(const PGresult *result) {
  return PQresultErrorField(result, 'C');
}
static inline const char *registry_result_primary_message(const PGresult *result) {
  return PQresultErrorField(result, 'M');
}
static inline const char *registry_result_detail(const PGresult *result) {
  return PQresultErrorField(result, 'D');
}
static inline const char *registry_result_context(const PGresult *result) {
  return PQresultErrorField(result, 'W');
}
