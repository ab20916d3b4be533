// zlib for Swift, which cannot import inflateInit2: it is a macro.
#include <zlib.h>

static inline int zlib_inflate_init(z_stream *stream, int window_bits) { return inflateInit2(stream, window_bits); }
