/// Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) as their bytes come.
struct EventStream {
    struct Event: Equatable {
        /// `message` where the server names none.
        var name = "message"
        var data = ""
    }

    /// An event is larger than any of ours.
    struct TooLarge: Error {}

    /// Bytes of an event at most.
    let limit: Int
    private var line: [UInt8] = []
    private var event = Event()
    private var hasData = false
    private var lastWasReturn = false
    private var size = 0

    init(limit: Int) { self.limit = limit }

    /// The events that are whole with these bytes.
    mutating func take(_ bytes: [UInt8]) throws(TooLarge) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            let followsReturn = lastWasReturn
            lastWasReturn = byte == 0x0D
            if byte == 0x0A, followsReturn { continue }
            guard byte == 0x0A || byte == 0x0D else {
                line.append(byte)
                size += 1
                if size > limit { throw TooLarge() }
                continue
            }
            if let whole = endLine() { events.append(whole) }
        }
        return events
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            defer { (event, hasData, size) = (Event(), false, 0) }
            return hasData ? event : nil
        }
        let text = String(decoding: line, as: UTF8.self)
        let colon = text.firstIndex(of: ":")
        let field = text[..<(colon ?? text.endIndex)]
        var value = colon.map { text[text.index(after: $0)...] } ?? ""
        if value.hasPrefix(" ") { value.removeFirst() }
        switch field {
        case "data":
            event.data += (hasData ? "\n" : "") + value
            hasData = true
        case "event": event.name = String(value)
        default: break
        }
        return nil
    }
}
