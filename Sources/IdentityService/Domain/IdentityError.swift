/// Why Identity refuses something: one case for each reason of the contract, in its order. `RPC/IdentityError+RPC.swift`
/// says what callers are told.
enum IdentityError: Error, Hashable {
    /// Nothing of this name is there for the caller, whether it belongs to others or to nobody.
    case resourceUnknown(name: String)
    case emailTaken
    case etagMismatch
    case lastAdmin
    case permissionNotHeld(String)
    case permissionUnknown(String)
    /// The caller asks about somebody else, which takes this permission: a rule that the contract cannot state.
    case permissionMissing(String)
    case loginFailed
    case loginBusy(retryAfter: Duration)
    case refreshTokenInvalid
    case refreshTokenReused
    /// Each problem is the end of a sentence about the password: "must …". `field` is the request's.
    case passwordWeak(field: String, problems: [String])
    case passwordWrong
    case keyInactive
    case rotationUnfinished
    case limitReached(limit: String, maximum: Int)
    case pageTokenInvalid
    case keyMalformed
    /// `problem` is the end of a sentence: "must …".
    case networkInvalid(field: String, problem: String)
    case fieldImmutable(String)
    case tooManyWatchers
    case userRequired
    /// A field breaks a rule that the contract cannot state; `problem` is the end of a sentence: "must …".
    case fieldInvalid(field: String, problem: String)
}
