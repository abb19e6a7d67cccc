@testable import ServiceKit

/// Page tokens: a token that is read is the one that its place gives, and belongs to one request only.
///
/// The input's first byte says how many numbers there are; a place is made of the rest, and the rest is read as a token.
func fuzzToken(_ input: [UInt8]) {
    let count = Int((input.first ?? 0) & 3)
    let rest = Array(input.dropFirst())
    let text = String(decoding: rest, as: UTF8.self)
    let request = ["organizations/a", "filter"]
    if let place = PageTokenText.read(text, numbers: count, for: request) {
        precondition(PageTokenText.write(place.numbers, place.text, for: request) == text, "\(text) has another form")
    }
    guard rest.count >= 8 * count else { return }
    let numbers = (0..<count).map { place in
        rest[8 * place..<8 * place + 8].reduce(0 as Int64) { $0 << 8 | Int64($1) }
    }
    let identifier = String(decoding: rest.dropFirst(8 * count).filter { $0 != 0 }.prefix(200), as: UTF8.self)
    let token = PageTokenText.write(numbers, identifier, for: request)
    let place = PageTokenText.read(token, numbers: count, for: request)
    precondition(place?.numbers == numbers && place?.text == identifier, "\(token) is read as \(place as Any)")
    for other in [["organizations/a"], ["organizations/afilter"], ["organizations/a", "filter", ""]] {
        precondition(PageTokenText.read(token, numbers: count, for: other) == nil, "\(token) is good for \(other)")
    }
    // With one bit changed it is another place, or none.
    var bytes = Array(token.utf8)
    let index = (rest.last.map(Int.init) ?? 0) % bytes.count
    bytes[index] ^= 1
    let changed = PageTokenText.read(String(decoding: bytes, as: UTF8.self), numbers: count, for: request)
    precondition(changed == nil || changed != place, "two tokens of one place")
}
