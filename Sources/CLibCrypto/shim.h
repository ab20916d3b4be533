// libcrypto as Swift sees it: SHA-256 and nothing else.
#include <openssl/evp.h>
