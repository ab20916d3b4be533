#define _GNU_SOURCE
#include "system.h"
#include <errno.h>
#include <fcntl.h>

bool registry_reserve(int descriptor, long long bytes) {
  return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, bytes) == 0 || errno != ENOSPC;
}
