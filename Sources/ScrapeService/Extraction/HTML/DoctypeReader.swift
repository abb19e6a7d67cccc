/// Reads a document type, for the one thing that it decides: sections 13.2.5.53 to 13.2.5.68 and 13.2.6.4.1.
struct DoctypeReader {
    /// The next byte to read; behind the declaration once it has been read.
    private(set) var position: Int

    init(position: Int) { self.position = position }

    /// If the page is to be in quirks mode.
    mutating func read(_ text: borrowing Column<UInt8>) -> Bool {
        skipSpace(text)
        let nameStart = position
        while let byte = peek(text), !byte.isHTMLSpace, byte != UInt8(ascii: ">") { position += 1 }
        let name = lowered(text, nameStart, position)
        skipSpace(text)
        var isQuirks = name != "html"
        var publicID: String?
        var systemID: String?
        var isForced = false
        if text.hasBytesIgnoringCase(Array("public".utf8), at: position) {
            position += 6
            publicID = identifier(text, &isForced)
            if publicID != nil {
                let before = position
                skipSpace(text)
                if let next = peek(text), next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") {
                    systemID = identifier(text, &isForced)
                } else {
                    position = before
                }
            } else {
                isForced = true
            }
        } else if text.hasBytesIgnoringCase(Array("system".utf8), at: position) {
            position += 6
            systemID = identifier(text, &isForced)
            if systemID == nil { isForced = true }
        } else if let byte = peek(text), byte != UInt8(ascii: ">") {
            isForced = true
        }
        position = text.find(UInt8(ascii: ">"), from: position)
        // A declaration that does not end forces quirks, too.
        if position >= text.count { isForced = true }
        position += 1
        isQuirks = isQuirks || isForced || Self.isQuirks(publicID, systemID)
        return isQuirks
    }

    private func peek(_ text: borrowing Column<UInt8>) -> UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipSpace(_ text: borrowing Column<UInt8>) {
        while peek(text)?.isHTMLSpace ?? false { position += 1 }
    }

    private func lowered(_ text: borrowing Column<UInt8>, _ start: Int, _ end: Int) -> String {
        String(decoding: (start..<end).map { text[$0].asciiLowercased }, as: UTF8.self)
    }

    private mutating func identifier(_ text: borrowing Column<UInt8>, _ isForced: inout Bool) -> String? {
        skipSpace(text)
        guard let quote = peek(text), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        let start = position + 1
        position = start
        while let byte = peek(text), byte != quote, byte != UInt8(ascii: ">") { position += 1 }
        let value = lowered(text, start, position)
        if peek(text) == quote { position += 1 } else { isForced = true }
        return value
    }

    private static func isQuirks(_ publicID: String?, _ systemID: String?) -> Bool {
        if systemID == "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd" { return true }
        guard let publicID else { return false }
        if publicID == "-//w3o//dtd w3 html strict 3.0//en//" || publicID == "-/w3c/dtd html 4.0 transitional/en"
            || publicID == "html"
        {
            return true
        }
        if systemID == nil, withoutSystem.contains(where: publicID.hasPrefix) { return true }
        return prefixes.contains(where: publicID.hasPrefix)
    }

    private static let withoutSystem = ["-//w3c//dtd html 4.01 frameset//", "-//w3c//dtd html 4.01 transitional//"]

    /// Section 13.2.6.4.1.
    private static let prefixes = [
        "+//silmaril//dtd html pro v0r11 19970101//", "-//as//dtd html 3.0 aswedit + extensions//",
        "-//advasoft ltd//dtd html 3.0 aswedit + extensions//", "-//ietf//dtd html 2.0 level 1//",
        "-//ietf//dtd html 2.0 level 2//", "-//ietf//dtd html 2.0 strict level 1//",
        "-//ietf//dtd html 2.0 strict level 2//", "-//ietf//dtd html 2.0 strict//", "-//ietf//dtd html 2.0//",
        "-//ietf//dtd html 2.1e//", "-//ietf//dtd html 3.0//", "-//ietf//dtd html 3.2 final//",
        "-//ietf//dtd html 3.2//", "-//ietf//dtd html 3//", "-//ietf//dtd html level 0//",
        "-//ietf//dtd html level 1//", "-//ietf//dtd html level 2//", "-//ietf//dtd html level 3//",
        "-//ietf//dtd html strict level 0//", "-//ietf//dtd html strict level 1//",
        "-//ietf//dtd html strict level 2//", "-//ietf//dtd html strict level 3//", "-//ietf//dtd html strict//",
        "-//ietf//dtd html//", "-//metrius//dtd metrius presentational//",
        "-//microsoft//dtd internet explorer 2.0 html strict//", "-//microsoft//dtd internet explorer 2.0 html//",
        "-//microsoft//dtd internet explorer 2.0 tables//", "-//microsoft//dtd internet explorer 3.0 html strict//",
        "-//microsoft//dtd internet explorer 3.0 html//", "-//microsoft//dtd internet explorer 3.0 tables//",
        "-//netscape comm. corp.//dtd html//", "-//netscape comm. corp.//dtd strict html//",
        "-//o'reilly and associates//dtd html 2.0//", "-//o'reilly and associates//dtd html extended 1.0//",
        "-//o'reilly and associates//dtd html extended relaxed 1.0//",
        "-//sq//dtd html 2.0 hotmetal + extensions//",
        "-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
        "-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//",
        "-//spyglass//dtd html 2.0 extended//", "-//sun microsystems corp.//dtd hotjava html//",
        "-//sun microsystems corp.//dtd hotjava strict html//", "-//w3c//dtd html 3 1995-03-24//",
        "-//w3c//dtd html 3.2 draft//", "-//w3c//dtd html 3.2 final//", "-//w3c//dtd html 3.2//",
        "-//w3c//dtd html 3.2s draft//", "-//w3c//dtd html 4.0 frameset//", "-//w3c//dtd html 4.0 transitional//",
        "-//w3c//dtd html experimental 19960712//", "-//w3c//dtd html experimental 970421//",
        "-//w3c//dtd w3 html//", "-//w3o//dtd w3 html 3.0//", "-//webtechs//dtd mozilla html 2.0//",
        "-//webtechs//dtd mozilla html//",
    ]
}
