// The magic block that tells PostgreSQL which server this library was built for.
#include "pg/postgres.hpp"

extern "C" {
PG_MODULE_MAGIC;
}
