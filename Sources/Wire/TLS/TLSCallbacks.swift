import COpenSSL

/// What OpenSSL calls during a handshake. Each takes its context or session from an uncounted pointer: both outlive the
/// call, which happens inside a method of the session, which owns the `SSL` and keeps its context.
enum TLSCallbacks {
    /// Picks the identity by SNI (`SSL_CTX_set_cert_cb`).
    static let chooseIdentity: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { ssl, argument in
        guard let ssl = unsafe ssl, let argument = unsafe argument else { return 0 }
        let context = unsafe Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue()
        guard let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else { return 1 }
        let index = unsafe context.serverNames.identity(for: String(cString: name))
        // The first identity is the context's own.
        if index == 0 { return 1 }
        return unsafe context.identities[index].install(inConnection: ssl) ? 1 : 0
    }

    /// Picks the application protocol, or ends the handshake with no_application_protocol.
    static let chooseProtocol: SSL_CTX_alpn_select_cb_func = { _, out, outLength, offered, length, argument in
        guard let out = unsafe out, let outLength = unsafe outLength, let offered = unsafe offered,
            let argument = unsafe argument
        else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        let context = unsafe Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue()
        let span = unsafe Span(_unsafeStart: offered, count: Int(length))
        guard let range = ALPN.select(supported: context.alpnProtocols, offered: span) else {
            return context.configuration.requiresALPN ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK
        }
        // A part of the client's own offer, which OpenSSL keeps until it has copied the choice.
        unsafe out.pointee = offered + range.lowerBound
        unsafe outLength.pointee = UInt8(range.count)
        return SSL_TLSEXT_ERR_OK
    }

    /// Refuses a client that offers no application protocol at all: for it ``chooseProtocol`` is not called.
    static let requireALPN: SSL_client_hello_cb_fn = { ssl, alert, _ in
        var bytes: UnsafePointer<UInt8>?
        var count = 0
        let type = UInt32(TLSEXT_TYPE_application_layer_protocol_negotiation)
        if unsafe SSL_client_hello_get0_ext(ssl, type, &bytes, &count) == 1 { return SSL_CLIENT_HELLO_SUCCESS }
        unsafe alert?.pointee = SSL_AD_NO_APPLICATION_PROTOCOL
        if let session = unsafe TLSSession.of(ssl) {
            session.refusal = TLSError(.noApplicationProtocol, "the client offers no application protocol")
        }
        return SSL_CLIENT_HELLO_ERROR
    }

    /// Watches the verification of the peer's chain: notes why it fails, and checks the expected URIs at its end.
    static let verifyPeer: SSL_verify_cb = { valid, store in
        guard let store = unsafe store else { return 0 }
        let ssl = unsafe X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx())
        guard let ssl = unsafe ssl, let session = unsafe TLSSession.of(OpaquePointer(ssl)) else { return 0 }
        let depth = unsafe X509_STORE_CTX_get_error_depth(store)
        guard valid == 1 else {
            let error = unsafe X509_STORE_CTX_get_error(store)
            let reason = unsafe String(cString: X509_verify_cert_error_string(Int(error)))
            let subject = unsafe X509_STORE_CTX_get_current_cert(store).map { unsafe X509Text.subject(of: $0) } ?? ""
            let mismatch = error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH
            session.refusal = TLSError(
                mismatch ? .unexpectedPeer : .certificateRejected,
                "\(subject) at depth \(depth): \(reason)" + (mismatch ? " (expected \(session.expectation))" : "")
            )
            return 0
        }
        guard depth == 0, let leaf = unsafe X509_STORE_CTX_get_current_cert(store) else { return 1 }
        let uris = unsafe X509Text.alternativeNames(of: leaf, kind: GEN_URI)
        guard !session.expectation.accepts(uris: uris) else { return 1 }
        session.refusal = TLSError(.unexpectedPeer, "the peer is \(uris), expected \(session.expectation)")
        // Of the reasons OpenSSL knows this one sends the fitting alert, bad_certificate.
        unsafe X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH)
        return 0
    }
}
