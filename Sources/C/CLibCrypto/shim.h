// The parts of libcrypto that Swift imports: SHA-256, scrypt and comparing secrets.
#include <openssl/evp.h>
#include <openssl/crypto.h>
