// libcurl for Swift. curl_easy_setopt is variadic, which Swift cannot import: one shim for each type of argument.
#include <curl/curl.h>
#include <openssl/ssl.h>

static inline CURLcode registry_setopt_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode registry_setopt_string(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode registry_setopt_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode registry_setopt_list(CURL *handle, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(handle, option, value);
}

typedef size_t (*registry_data_callback)(char *bytes, size_t size, size_t count, void *context);
typedef int (*registry_progress_callback)(void *context, curl_off_t download_total, curl_off_t download_now,
                                          curl_off_t upload_total, curl_off_t upload_now);

static inline CURLcode registry_setopt_data_callback(CURL *handle, CURLoption option, registry_data_callback value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode registry_setopt_progress_callback(CURL *handle, registry_progress_callback value) {
  return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, value);
}

// Returns the status of a proxy's answer to CONNECT; 0 if there was none.
static inline long registry_proxy_status(CURL *handle) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_HTTP_CONNECTCODE, &status);
  return status;
}

// curl_global_init's flags are macros that Swift cannot import.
static inline CURLcode registry_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

// Restricts the protocols of the request and of redirects: by name since libcurl 7.85, by bit before (Ubuntu 22.04).
static inline CURLcode registry_restrict_protocols(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075500
  CURLcode code = curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "https");
#else
  CURLcode code = curl_easy_setopt(handle, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
  return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTPS);
#endif
}

// OpenSSL reports every TLS message received. close_notify is the authenticated end of a connection.
static void registry_note_alert(int sent, int version, int type, const void *bytes, size_t count, SSL *ssl,
                                void *closed) {
  const unsigned char *alert = (const unsigned char *)bytes;
  if (!sent && type == SSL3_RT_ALERT && count == 2 && alert[1] == SSL_AD_CLOSE_NOTIFY) *(int *)closed = 1;
}

// Sets `*closed` to 0, and to 1 when close_notify arrives on the current connection. Call it in a callback: libcurl
// knows the connection only while a transfer runs. SSL_get_shutdown does not help: libcurl sets
// SSL_OP_IGNORE_UNEXPECTED_EOF, which makes OpenSSL treat any end as close_notify. The connection's application data
// cannot be used: libcurl reads its own there when a session ticket arrives.
//
// Returns 0 if the connection is not OpenSSL's: plain http, or another TLS library, which reports a missing
// close_notify itself.
static inline int registry_watch_close_notify(CURL *handle, int *closed) {
  struct curl_tlssessioninfo *session = NULL;
  *closed = 0;
  if (curl_easy_getinfo(handle, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session || !session->internals ||
      session->backend != CURLSSLBACKEND_OPENSSL)
    return 0;
  SSL *ssl = (SSL *)session->internals;
  SSL_set_msg_callback(ssl, registry_note_alert);
  SSL_set_msg_callback_arg(ssl, closed);
  return 1;
}
