// libcrypto as Swift sees it: SHA-256, scrypt and the comparing of secrets, nothing else.
#include <openssl/evp.h>
#include <openssl/crypto.h>
