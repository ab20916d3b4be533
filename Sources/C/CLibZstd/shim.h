// libzstd for Swift, which can import all of it without shims.
#include <zstd.h>
#include <zstd_errors.h>
