import Foundation
import Outbound

/// What came back for one request, whatever it was.
struct FetchedAnswer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]
    /// Microseconds.
    let duration: Int64
}

/// Why there is no answer.
struct FetchFailure: Error, Sendable, Hashable {
    let problem: Problem
    let detail: String
}

/// Asks for one URL, once: redirects, retries and times are the crawl's business.
struct PageFetcher: Sendable {
    let client: OutboundClient
    /// Bounds of a page's transfer, beside its size.
    var timeouts = OutboundTimeouts()

    static let html = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"

    /// - Parameter bytes: The most that a body may have, encoded and decoded.
    func fetch(
        _ url: String, userAgent: String, bytes: Int, accept: String = html
    ) async throws(FetchFailure) -> FetchedAnswer {
        let begin = ContinuousClock.now
        do throws(OutboundError) {
            var request = try OutboundRequest(
                .get, url, headers: ["User-Agent": userAgent, "Accept": accept])
            request.redirects = .none
            request.timeouts = timeouts
            var limits = OutboundLimits()
            limits.bodyBytes = bytes
            limits.encodedBodyBytes = bytes
            limits.minimumBytesPerSecond = 64
            request.limits = limits
            let answer = try await client.fetch(request)
            return FetchedAnswer(
                status: answer.status, headers: answer.headers, body: answer.body,
                duration: Int64((ContinuousClock.now - begin) / .microseconds(1)))
        } catch {
            throw FetchFailure(problem: Problem(error.reason), detail: error.message)
        }
    }
}

extension Problem {
    init(_ reason: OutboundError.Reason) {
        self =
            switch reason {
            case .invalidURL, .invalidRequest, .portRefused: .urlInvalid
            case .addressRefused: .addressNotAllowed
            case .nameNotFound, .resolverFailed: .nameUnresolved
            case .connectFailed, .connectionLost, .proxyFailed: .connectionFailed
            case .tlsFailed, .certificateInvalid: .tlsFailed
            case .connectTimeout, .headersTimeout, .idleTimeout, .totalTimeout: .timeout
            case .headersTooLarge, .bodyTooLarge: .tooLarge
            case .protocolError: .protocolBroken
            case .decodingFailed: .encodingBroken
            case .redirectRefused: .redirectOutOfScope
            case .tooManyRedirects: .redirectLoop
            case .queueFull, .cancelled, .shutDown, .requestBodyFailed, .unexpected: .internal
            }
    }
}

/// When a server that is asked too much wants to be asked again.
enum RetryAfter {
    /// - Returns: Microseconds from now; nil if the header says nothing that can be read (RFC 9110, 10.2.3).
    static func microseconds(_ value: String?, now: Int64) -> Int64? {
        guard let value = value?.trimmed, !value.isEmpty else { return nil }
        if let seconds = Int64(value) { return seconds >= 0 ? min(seconds, 86_400) * 1_000_000 : nil }
        guard let time = HTTPDate.microseconds(value) else { return nil }
        return max(time - now, 0)
    }
}

/// Dates of HTTP in their usual form, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Microseconds since 1970.
    static func microseconds(_ text: String) -> Int64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]),
            (1_900...9_999).contains(year)
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        return (days(year, Int64(month) + 1, day) * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]) * 1_000_000
    }

    /// Days since 1970 of a day of the Gregorian calendar; a year begins in March, so that leap days come last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let ofEra = year - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}
