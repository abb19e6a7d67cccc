internal import CCurl
import Synchronization

/// The cookies of one session: what a crawl of a site or a connector's log-in goes by. Bounded; safe to share.
///
/// libcurl reads and sends them (RFC 6265, with the public suffix list); between requests they are here only.
public final class CookieJar: Sendable {
    /// Bounds of a jar; beyond them the cookies that came first go first. libcurl refuses those of more than 4 KiB.
    public struct Limits: Sendable, Hashable {
        public var perDomain = 50
        public var total = 3000

        public init() {}
    }

    private struct Key: Hashable {
        var domain: String
        var path: String
        var name: String

        init(_ cookie: Cookie) { (domain, path, name) = (cookie.domain.lowercased(), cookie.path, cookie.name) }
    }

    private struct State {
        var cookies: [Key: (cookie: Cookie, order: Int)] = [:]
        var lastOrder = 0
    }

    private let state = Mutex(State())
    private let limits: Limits

    public init(limits: Limits = Limits()) { self.limits = limits }

    /// All cookies, in the order in which they came.
    public var cookies: [Cookie] {
        state.withLock { state in state.cookies.values.sorted { $0.order < $1.order }.map(\.cookie) }
    }

    /// Puts a cookie in, or in place of the one of the same domain, path and name.
    /// - Throws: `OutboundError` (`invalidRequest`) for control characters and empty parts.
    public func set(_ cookie: Cookie) throws(OutboundError) {
        guard cookie.isSound else {
            throw OutboundError(.invalidRequest, "a cookie's domain, path or name is empty, or has control characters")
        }
        state.withLock { Self.put(cookie, in: &$0, limits) }
    }

    public func removeAll() { state.withLock { $0.cookies = [:] } }

    private static func put(_ cookie: Cookie, in state: inout State, _ limits: Limits) {
        let key = Key(cookie)
        state.lastOrder += 1
        let order = state.cookies[key]?.order ?? state.lastOrder
        state.cookies[key] = (cookie, order)
        let siblings = state.cookies.filter { $0.key.domain == key.domain }
        if siblings.count > limits.perDomain { removeOldest(of: siblings, from: &state) }
        if state.cookies.count > limits.total { removeOldest(of: state.cookies, from: &state) }
    }

    private static func removeOldest(of cookies: [Key: (cookie: Cookie, order: Int)], from state: inout State) {
        if let oldest = cookies.min(by: { $0.value.order < $1.value.order })?.key {
            state.cookies.removeValue(forKey: oldest)
        }
    }

    // MARK: Beside a transfer, on the loop's thread

    /// Gives a fresh handle the cookies that may concern a URL; returns their lines.
    @unsafe
    func give(to easy: UnsafeMutableRawPointer, for url: WebURL) -> Set<String> {
        // An empty file name switches cookies on without reading any.
        unsafe outbound_set_string(easy, CURLOPT_COOKIEFILE, "")
        let lines = cookies.filter { $0.belongs(to: url.host) }.map(\.line)
        for line in lines { unsafe outbound_set_string(easy, CURLOPT_COOKIELIST, line) }
        return Set(lines)
    }

    /// Takes what a response has changed.
    @unsafe
    func take(from easy: UnsafeMutableRawPointer, sent: Set<String>) {
        var list: UnsafeMutablePointer<curl_slist>?
        guard unsafe outbound_get_list(easy, CURLINFO_COOKIELIST, &list) == CURLE_OK else { return }
        defer { unsafe curl_slist_free_all(list) }
        var present: Set<Key> = []
        var changed: [Cookie] = []
        var entry = unsafe list
        while let node = unsafe entry?.pointee {
            if let text = unsafe node.data {
                let line = unsafe String(cString: text)
                if let cookie = Cookie(line: line) {
                    present.insert(Key(cookie))
                    if !sent.contains(line) { changed.append(cookie) }
                }
            }
            unsafe entry = node.next
        }
        state.withLock { state in
            for line in sent {
                // Gone by the response's word, unless another response has brought it anew.
                guard let cookie = Cookie(line: line), !present.contains(Key(cookie)),
                    state.cookies[Key(cookie)]?.cookie == cookie
                else { continue }
                state.cookies.removeValue(forKey: Key(cookie))
            }
            for cookie in changed { Self.put(cookie, in: &state, limits) }
        }
    }
}
