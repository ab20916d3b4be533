#pragma once
#include <stdbool.h>

// Sets disk space aside behind a file's end without changing its size: fallocate is not in Swift's Glibc, and
// posix_fallocate makes the file longer.
//
// Returns false where the disk is full; true where the space is set aside, or the file system cannot do that.
bool registry_reserve(int descriptor, long long bytes);

// The next name in a folder, `.` and `..` left out; it is valid until the next call. NULL at the end, and where the folder
// cannot be read on: `*code` is errno then, and 0 otherwise.
const char *registry_next_name(void *folder, int *code);

// Has a program that is about to be started find no descriptor open from `first` on. `actions` is a
// posix_spawn_file_actions_t. Returns an error code, 0 for none.
int registry_close_from(void *actions, int first);
