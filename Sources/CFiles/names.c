#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

const char *registry_next_name(void *folder, int *code) {
  for (;;) {
    // Only by errno are the end and an error told apart.
    errno = 0;
    struct dirent *entry = readdir((DIR *)folder);
    *code = errno;
    if (!entry) return NULL;
    *code = 0;
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) return entry->d_name;
  }
}
