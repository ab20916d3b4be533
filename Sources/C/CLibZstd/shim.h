// libzstd as Swift sees it. Nothing needs a shim.
#include <zstd.h>
#include <zstd_errors.h>
