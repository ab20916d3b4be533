#define _GNU_SOURCE
#include "system.h"

#include <spawn.h>

int registry_close_from(void *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np((posix_spawn_file_actions_t *)actions, first);
}
