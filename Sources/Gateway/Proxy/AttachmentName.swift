/// What a download is called, as its service says.
enum AttachmentName {
    private static let typeName = "datavault.gateway.v1.FileName"
    /// Characters of a name at most.
    private static let longest = 255

    /// The value of `Content-Disposition` (RFC 6266) for an HttpBody whose extensions name the file; nil if none does.
    static func field(of message: [UInt8], as body: Route.RawBody) -> String? {
        guard body.isHTTPBody, let name = name(in: message, as: body), !name.isEmpty else { return nil }
        // Old clients read the first form, and may break at anything but plain characters.
        let plain = String(
            name.unicodeScalars.map { scalar in
                let isPlain =
                    scalar.isASCII && scalar.value >= 0x20 && scalar.value < 0x7F
                    && !"\"\\%/".unicodeScalars.contains(scalar)
                return isPlain ? Character(scalar) : "_"
            })
        return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(encoded(name))"
    }

    private static func name(in message: [UInt8], as body: Route.RawBody) -> String? {
        guard let any = RawMessage.field(3, of: message, as: body), let type = RawMessage.field(1, of: any),
            String(decoding: type, as: UTF8.self).split(separator: "/").last.map(String.init) == typeName,
            let value = RawMessage.field(2, of: any), let name = RawMessage.field(1, of: value)
        else { return nil }
        let text = String(validating: name, as: UTF8.self) ?? ""
        // A folder in a name would be taken for a place.
        return text.split(separator: "/").last.map { String($0.prefix(longest)) }
    }

    /// Percent-encoded but for `attr-char` (RFC 8187).
    private static func encoded(_ name: String) -> String {
        var text = ""
        for byte in name.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isLetter = (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
            if isLetter || "!#$&+-.^_`|~".unicodeScalars.contains(scalar) {
                text.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text
    }
}
