#ifndef WIRE_COPENSSL_SHIM_H
#define WIRE_COPENSSL_SHIM_H
#include <openssl/ssl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

// Macros and inline stack accessors, which Swift does not import.

static inline uint64_t wire_ssl_ctx_set_mode(SSL_CTX *ctx, uint32_t mode) {
    return (uint64_t)SSL_CTX_set_mode(ctx, mode);
}
static inline int wire_ssl_ctx_set_min_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_min_proto_version(ctx, version);
}
static inline int wire_ssl_ctx_set_groups(SSL_CTX *ctx, const char *names) {
    return (int)SSL_CTX_set1_groups_list(ctx, (char *)names);
}
static inline void wire_ssl_ctx_disable_session_cache(SSL_CTX *ctx) {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}
// Options are computed macros in OpenSSL 3. Renegotiation lets a peer spend our CPU at will; compression leaks
// lengths; the server's order of ciphers decides, except that ChaCha20 comes first for clients that put it first.
static inline void wire_ssl_ctx_harden(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
                                 | SSL_OP_PRIORITIZE_CHACHA);
}
// TLS 1.2 tickets are an option, TLS 1.3 tickets a number.
static inline int wire_ssl_ctx_set_tickets(SSL_CTX *ctx, size_t count) {
    if (count == 0) SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    return SSL_CTX_set_num_tickets(ctx, count);
}
static inline int wire_ssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline unsigned long wire_name_flags(void) { return XN_FLAG_RFC2253; }
static inline void wire_wipe(void *bytes, size_t count) { OPENSSL_cleanse(bytes, count); }
static inline long wire_bio_mem_data(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }
static inline int wire_err_library(unsigned long code) { return ERR_GET_LIB(code); }
static inline int wire_err_reason(unsigned long code) { return ERR_GET_REASON(code); }

static inline STACK_OF(X509) *wire_x509_stack_new(void) { return sk_X509_new_null(); }
static inline int wire_x509_stack_push(STACK_OF(X509) *stack, X509 *certificate) {
    return sk_X509_push(stack, certificate);
}
// Frees the stack and drops its reference to each certificate.
static inline void wire_x509_stack_free(STACK_OF(X509) *stack) { sk_X509_pop_free(stack, X509_free); }

static inline int wire_general_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
// The text of a name of this kind (GEN_URI or GEN_DNS), else NULL. It belongs to `names`.
static inline const ASN1_IA5STRING *wire_general_name_text(const GENERAL_NAMES *names, int index, int kind) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    return name && name->type == kind ? name->d.ia5 : NULL;
}
#endif
