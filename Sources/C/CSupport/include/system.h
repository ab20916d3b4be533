#pragma once
#include <stdbool.h>

// Sets disk space aside behind a file's end without changing its size: fallocate is not in Swift's Glibc, and
// posix_fallocate makes the file longer.
//
// Returns false where the disk is full; true where the space is set aside, or the file system cannot do that.
bool registry_reserve(int descriptor, long long bytes);

// The next name in a folder, without `.` and `..`; it is valid until the next call. Returns NULL at the end, with
// `*code` 0, and on a read error, with errno in `*code`.
const char *registry_next_name(void *folder, int *code);

// Closes all descriptors from `first` on in a program that is about to be started. `actions` is a
// posix_spawn_file_actions_t. Returns an error code, 0 for none.
int registry_close_from(void *actions, int first);
