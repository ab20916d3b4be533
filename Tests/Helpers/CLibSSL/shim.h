// libssl for the test servers. Macros and variadic functions are wrapped in functions, so that Swift can call them.
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline EVP_PKEY *test_make_key(void) { return EVP_EC_gen("P-256"); }

static inline void test_set_newest_version(SSL_CTX *context, int version) {
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, version);
}
