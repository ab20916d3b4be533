// libsqlite3 for Swift, which can import all that is used of it.
#include <sqlite3.h>
