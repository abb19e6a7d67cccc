import IdentityContract
import PolicyModel
import SwiftProtobuf
import Testing
import Wire
import WireProtos

@testable import IdentityService

/// What callers are told of each error: the code that the contract's comment names, and its reason.
@Suite struct IdentityErrorTests {
    private static let all: [(IdentityError, Datavault_Identity_V1_Reason, StatusCode)] = [
        (.resourceUnknown(name: "users/x"), .resourceUnknown, .notFound), (.emailTaken, .emailTaken, .alreadyExists),
        (.etagMismatch, .etagMismatch, .aborted), (.lastAdmin, .lastAdmin, .failedPrecondition),
        (.permissionNotHeld("a.read"), .permissionNotHeld, .permissionDenied),
        (.permissionUnknown("a.read"), .permissionUnknown, .invalidArgument),
        (.loginFailed, .loginFailed, .unauthenticated),
        (.loginBusy(retryAfter: .milliseconds(1_500)), .loginBusy, .resourceExhausted),
        (.refreshTokenInvalid, .refreshTokenInvalid, .unauthenticated),
        (.refreshTokenReused, .refreshTokenReused, .unauthenticated),
        (.passwordWeak(field: "password", problems: ["must a", "must b"]), .passwordWeak, .invalidArgument),
        (.passwordWrong, .passwordWrong, .permissionDenied), (.keyInactive, .keyInactive, .failedPrecondition),
        (.rotationUnfinished, .rotationUnfinished, .failedPrecondition),
        (.limitReached(limit: "users", maximum: 3), .limitReached, .resourceExhausted),
        (.pageTokenInvalid, .pageTokenInvalid, .invalidArgument), (.keyMalformed, .keyMalformed, .invalidArgument),
        (.networkInvalid(field: "a[0]", problem: "must be one"), .networkInvalid, .invalidArgument),
        (.fieldImmutable("name"), .fieldImmutable, .invalidArgument),
        (.tooManyWatchers, .tooManyWatchers, .resourceExhausted), (.userRequired, .userRequired, .failedPrecondition),
    ]

    @Test func eachHasItsReasonAndCode() {
        for (error, reason, code) in Self.all {
            let told = error.rpcError
            #expect(told.code == code, "\(error)")
            let info = told.detail(Google_Rpc_ErrorInfo.self)
            #expect(info?.reason == reason.reason, "\(error)")
            #expect(info?.domain == "datavault.identity.v1")
        }
    }

    @Test func allReasonsAreTold() {
        let told = Set(Self.all.map { $0.1.reason })
        let declared = Set(Datavault_Identity_V1_Reason.allCases.map(\.reason)).subtracting(["UNSPECIFIED"])
        #expect(told == declared)
    }

    @Test func detailsSayWhatToDo() {
        let busy = IdentityError.loginBusy(retryAfter: .milliseconds(1_500)).rpcError.detail(Google_Rpc_RetryInfo.self)
        #expect(busy?.retryDelay.seconds == 1)
        #expect(busy?.retryDelay.nanos == 500_000_000)
        let weak = IdentityError.passwordWeak(field: "new_password", problems: ["must a", "must b"]).rpcError
        let violations = weak.detail(Google_Rpc_BadRequest.self)?.fieldViolations ?? []
        #expect(violations.map(\.field) == ["new_password", "new_password"])
        #expect(violations.map(\.description_p) == ["must a", "must b"])
        let limit = IdentityError.limitReached(limit: "users", maximum: 3).rpcError.detail(Google_Rpc_ErrorInfo.self)
        #expect(limit?.metadata == ["limit": "users", "maximum": "3"])
    }
}
