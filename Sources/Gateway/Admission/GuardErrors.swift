import GatewayContract
import PolicyModel
import Wire

/// What callers are told of refusals: the one place where they become statuses.
enum GuardErrors {
    private typealias Reason = Datavault_Gateway_V1_Reason

    static let missing = RPCError(
        .unauthenticated, Reason.credentialsMissing,
        "the call needs an API key, an access token or a signature")
    static let ambiguous = RPCError(
        .unauthenticated, Reason.credentialsAmbiguous, "the request carries credentials of more than one kind, or twice"
    )
    static let unknownScheme = RPCError(
        .unauthenticated, Reason.tokenInvalid, "Authorization has another scheme than Bearer")
    static let apiKeyInvalid = RPCError(.unauthenticated, Reason.apiKeyInvalid, "the API key is not good")
    static let tokenInvalid = RPCError(.unauthenticated, Reason.tokenInvalid, "the access token is not good")
    static let tokenExpired = RPCError(
        .unauthenticated, Reason.tokenExpired, "the access token's time is over; refresh it")
    static let addressRefused = RPCError(
        .permissionDenied, Reason.addressRefused, "the caller may not come from this address")
    static let credentialsUnavailable = RPCError(
        .unavailable, Reason.credentialsUnavailable, "callers cannot be recognized at the moment; try again")
    static let noncesUnavailable = RPCError(
        .unavailable, Reason.noncesUnavailable, "signed requests cannot be told from replays at the moment; try again")

    static func permissionMissing(_ permission: String) -> RPCError {
        RPCError(
            .permissionDenied, Reason.permissionMissing, "the caller lacks the permission \(permission)",
            metadata: ["permission": permission])
    }

    /// Nothing outside may call what only roles call; nor learn that it is there.
    static let notRouted = RPCError(.notFound, Reason.routeUnknown, "there is no such method")

    static func signature(_ fault: SignatureFault) -> RPCError {
        switch fault {
        case .malformed(let parameter, let text):
            RPCError(.unauthenticated, Reason.signatureMalformed, text, metadata: ["parameter": parameter])
        case .incomplete(let component):
            RPCError(
                .unauthenticated, Reason.signatureIncomplete, "the signature has to cover \(component)",
                metadata: ["component": component])
        case .stale(let text):
            RPCError(.unauthenticated, Reason.signatureStale, "\(text); sign anew, by a clock that is right")
        case .invalid:
            RPCError(.unauthenticated, Reason.signatureInvalid, "the signature does not fit the request and the key")
        case .ambiguous: ambiguous
        case .replayed:
            RPCError(.unauthenticated, Reason.signatureReplayed, "the signature's nonce was used before; sign anew")
        }
    }

    static func principal(_ refusal: PrincipalMint.Refusal) -> RPCError {
        switch refusal {
        case .noKey:
            RPCError(
                .unavailable, Reason.credentialsUnavailable,
                "identity lists no key of this gateway at the moment; try again")
        case .tooLarge: RPCError(code: .internal, message: "the caller has more permissions than a principal can hold")
        case .failed(let error): RPCError(code: .internal, message: "the principal could not be signed", cause: error)
        }
    }

    /// The limits' fields travel as metadata: the edge makes them header fields of its answer.
    static func rateLimited(_ decision: LimitDecision, _ refusal: LimitDecision.State) -> RPCError {
        var error = RPCError(
            .resourceExhausted, Reason.rateLimited,
            "the budget of the \(refusal.kind.rawValue) is spent; try again later",
            metadata: ["limit": refusal.kind.rawValue], details: LimitFields.details(refusal))
        for field in LimitFields.headers(refused: decision) { error.metadata.add(field.name, field.value) }
        return error
    }
}
