#include "system.h"

#include <stdint.h>
#include <sys/ioctl.h>

// The same request for ext4, xfs and f2fs (EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN, F2FS_IOC_SHUTDOWN).
#define SHUTDOWN _IOR('X', 125, uint32_t)
#define WITHOUT_FLUSHING 2

bool registry_stop_file_system(int descriptor) {
  uint32_t how = WITHOUT_FLUSHING;
  return ioctl(descriptor, SHUTDOWN, &how) == 0;
}
