@testable import ScrapeService

/// Texts as values of every type: a value's canonical text is read as the same value again.
///
/// The first byte says by which conventions.
func fuzzValue(_ input: [UInt8]) {
    let shape = input.first ?? 0
    let text = String(decoding: input.dropFirst(), as: UTF8.self)
    let formats = [nil, "yyyy-MM-dd", "d. MMMM yyyy HH:mm", "MM/dd/yy hh:mm a", text]
    var options = FieldOptions(
        decimalMark: DecimalMark.allCases[Int(shape & 3) % 3], defaultCurrency: shape & 4 == 0 ? nil : "EUR",
        defaultOffsetMinutes: shape & 8 == 0 ? nil : 120)
    options.dateFormat = formats[Int(shape >> 4) % formats.count]
    let format = options.dateFormat.flatMap { try? DateFormat($0) }
    for type in FieldType.allCases {
        let reader = ValueReader(type: type, options: options, dateFormat: format)
        guard case .success(let value) = reader.read(text, base: nil, urlBytes: 8_192) else { continue }
        checkForm(value)
        // Canonical texts are of one convention, whatever the page's was.
        let plain = ValueReader(type: type, options: FieldOptions(decimalMark: .point), dateFormat: nil)
        let again = plain.read(value.text, base: nil, urlBytes: 8_192)
        precondition(again == .success(value), "\(type): \(value.text) is read as \(again)")
    }
}

private func checkForm(_ value: TypedValue) {
    switch value {
    case .decimal(let text), .money(let text, _):
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        precondition(digits.utf8.allSatisfy { $0 &- 0x30 < 10 || $0 == 0x2E }, "no decimal: \(text)")
        precondition(digits.count(where: { $0 == "." }) <= 1 && digits.first != "." && digits.last != ".", "\(text)")
        precondition(digits.first != "0" || digits.count == 1 || digits.dropFirst().first == ".", "zeros: \(text)")
    case .date(let text): precondition(text.utf8.count == 10, "no date: \(text)")
    case .dateTime(let text): precondition((20...35).contains(text.utf8.count), "no time: \(text)")
    default: break
    }
}

/// Bytes in the encoding that the first byte names, as text: valid, and within its bound.
func fuzzCharset(_ input: [UInt8]) {
    let labels = [
        "utf-8", "utf-16le", "utf-16be", "windows-1252", "x-user-defined", "gb18030", "big5", "euc-jp", "iso-2022-jp",
        "shift_jis", "euc-kr", "koi8-r", "windows-1251", "iso-8859-8-i", "macintosh", "hz-gb-2312",
    ]
    let shape = input.first ?? 0
    let bytes = Array(input.dropFirst())
    let limit = shape & 0x10 == 0 ? 1 << 20 : 24
    for contentType in [nil, "text/html; charset=\(labels[Int(shape & 15)])"] {
        let text = PageText(PageInput(bytes: bytes, url: "https://a/", contentType: contentType), limit: limit)
        precondition(text.text.count <= limit, "\(text.charset.name): \(text.text.count) bytes of \(limit)")
        checkUTF8(text.text.array, text.charset.name)
        if let offset = text.bodyOffset {
            precondition(text.text.array.elementsEqual(bytes[offset...].prefix(text.text.count)), "no body")
        }
    }
    if let valid = String(validating: bytes, as: UTF8.self) {
        precondition(UTF8Check.isValid(bytes), "\(valid) is no UTF-8")
    } else {
        precondition(!UTF8Check.isValid(bytes), "\(bytes) are UTF-8")
    }
}
