// The header is all there is; a target of C must have a file.
#include "blocks.h"
