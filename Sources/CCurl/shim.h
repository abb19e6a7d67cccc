#ifndef OUTBOUND_CCURL_SHIM_H
#define OUTBOUND_CCURL_SHIM_H
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

// curl_easy_setopt and its like are variadic, which Swift does not import: one function for each type that they take.

static inline CURLcode outbound_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode outbound_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode outbound_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode outbound_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode outbound_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode outbound_set_body(CURL *easy, curl_write_callback callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
}
static inline CURLcode outbound_set_headers(CURL *easy, curl_write_callback callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
}
static inline CURLcode outbound_set_upload(CURL *easy, curl_read_callback read, curl_seek_callback seek, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_READFUNCTION, read);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_READDATA, context);
    if (!code) code = curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek);
    return code ? code : curl_easy_setopt(easy, CURLOPT_SEEKDATA, context);
}
static inline CURLcode outbound_set_open_socket(CURL *easy, curl_opensocket_callback callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
}
static inline CURLcode outbound_set_close_socket(CURL *easy, curl_closesocket_callback callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, context);
}

static inline CURLcode outbound_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode outbound_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode outbound_get_string(CURL *easy, CURLINFO info, char **value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode outbound_get_list(CURL *easy, CURLINFO info, struct curl_slist **value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode outbound_get_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLMcode outbound_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// The finished transfer that a message is about, and how it ended; the latter lies in a union.
static inline CURL *outbound_done_handle(const CURLMsg *message) {
    return message->msg == CURLMSG_DONE ? message->easy_handle : NULL;
}
static inline CURLcode outbound_done_code(const CURLMsg *message) { return message->data.result; }

// The address that libcurl is about to connect to. curl_sockaddr ends in a `struct sockaddr`, which is shorter than what
// it holds for IPv6.
static inline const void *outbound_socket_address(const struct curl_sockaddr *address) { return &address->addr; }

// What libssl says of a connection; declared here, as its headers bring in far more than is needed.
struct ssl_st;
struct ssl_cipher_st;
extern const char *SSL_get_version(const struct ssl_st *connection);
extern const struct ssl_cipher_st *SSL_get_current_cipher(const struct ssl_st *connection);
extern const char *SSL_CIPHER_get_name(const struct ssl_cipher_st *cipher);

static inline const struct ssl_st *outbound_tls(CURL *easy) {
    struct curl_tlssessioninfo *session = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session) || !session) return NULL;
    return session->backend == CURLSSLBACKEND_OPENSSL ? (const struct ssl_st *)session->internals : NULL;
}
static inline const char *outbound_tls_version(CURL *easy) {
    const struct ssl_st *connection = outbound_tls(easy);
    return connection ? SSL_get_version(connection) : NULL;
}
static inline const char *outbound_tls_cipher(CURL *easy) {
    const struct ssl_st *connection = outbound_tls(easy);
    const struct ssl_cipher_st *cipher = connection ? SSL_get_current_cipher(connection) : NULL;
    return cipher ? SSL_CIPHER_get_name(cipher) : NULL;
}
#endif
