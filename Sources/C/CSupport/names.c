#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

const char *registry_next_name(void *folder, int *code) {
  for (;;) {
    // readdir returns NULL both at the end and on an error; only errno tells which.
    errno = 0;
    struct dirent *entry = readdir((DIR *)folder);
    *code = errno;
    if (!entry) return NULL;
    *code = 0;
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) return entry->d_name;
  }
}
