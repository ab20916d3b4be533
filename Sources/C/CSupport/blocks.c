// The code is in the header, but a C target needs a source file.
#include "blocks.h"
