import Logging
import NIOCore
import PolicyModel
import Wire

// The audit log tells of what was refused as of what was done, and each service writes its own part of it. So what the
// guard refuses is shown to the service, which refuses it, too, and records that: nobody but it writes its log.
extension EdgeCore {
    /// What is sent in the request's place: a field's number is never 0, so no decoder of any message takes it. Whatever
    /// the service's contract says, which another release may have made, nothing can come of the call.
    private static let noMessage: [UInt8] = [0x07]

    /// Has a method's service record that a caller was refused. Nothing of the request's body is read or sent.
    ///
    /// The caller is refused in any case: a service that cannot be told leaves a line in this log.
    ///
    /// - Throws: As `Admission.confirm`: a signed request is refused once, so that nobody who has seen it can have the
    ///   refusal recorded again and again.
    func recordDenial(
        _ exchange: any Exchange, _ method: GatewayMethod, _ admission: any Admission
    ) async throws(RPCError) {
        if admission.mustBeConfirmed { try await admission.confirm() }
        let failure: RPCError?
        do throws(RPCError) {
            let timeout = TimeAmount.nanoseconds(configuration.denialTimeout.edgeNanoseconds)
            let options = try CallTerms.options(exchange, admission, timeout)
            let channel = try channel(method)
            // In a task that the request's end does not cancel: who tries doors and hangs up leaves a trace, too.
            failure = await Task { await Self.refusal(of: method, options, channel) }.value
        } catch {
            failure = error
        }
        metrics?.denied(isRecorded: failure == nil)
        guard let failure else { return }
        logger.warning(
            "a refused call could not be recorded by its service",
            metadata: [
                "method": "\(method.descriptor.path)", "organization": "\(admission.organization ?? "")",
                "caller": "\(admission.subject ?? "")", "request_id": "\(exchange.requestID)",
                "error": "\(failure.code)",
            ])
    }

    /// Makes the call; gives what went wrong with having it refused.
    private static func refusal(
        of method: GatewayMethod, _ options: CallOptions, _ channel: ClientChannel
    ) async -> RPCError? {
        do {
            let call = try await channel.byteStream(method.descriptor, options: options)
            defer { call.cancel() }
            // It may have been refused by its head, which is the rule.
            try? await call.send(noMessage)
            await call.finishSending()
            while try await call.next() != nil {}
            return RPCError(code: .internal, message: "the service has not refused the call")
        } catch {
            let error = RPCError.wrapping(error)
            return error.code == .permissionDenied ? nil : error
        }
    }
}
