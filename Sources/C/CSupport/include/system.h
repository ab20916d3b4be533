#pragma once
#include <stdbool.h>

// Reserves disk space after a file's end without changing its size. Swift's Glibc lacks fallocate, and posix_fallocate
// makes the file longer.
//
// Returns false if the disk is full; true if the space is reserved or the file system cannot reserve space.
bool registry_reserve(int descriptor, long long bytes);

// Returns the next name in a folder, without `.` and `..`; it is valid until the next call. Returns NULL at the end,
// with 0 in `*code`, and on a read error, with errno in `*code`.
const char *registry_next_name(void *folder, int *code);

// Makes posix_spawn close all descriptors from `first` on in the new process. `actions` is a
// posix_spawn_file_actions_t. Returns an error code, or 0.
int registry_close_from(void *actions, int first);

// Stops the file system of a descriptor, as a power cut does: everything that was not flushed is lost, and every later
// call fails. It works again after it is unmounted and mounted. Needs root. Returns false if the file system cannot be
// stopped.
bool registry_stop_file_system(int descriptor);
