internal import CSimdJSON

/// Two digits of each number below 100.
private let digitPairs: StaticString =
    """
    0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
    5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
    """

/// Most bytes of a number of 64 bits, with its sign.
let longestInteger = 20

/// Most bytes of a floating-point number.
let longestFloat = 32

/// Writes a whole number and returns the end of it.
@inline(__always)
func writeUnsigned(_ value: UInt64, _ target: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    if value < 10 {
        unsafe target.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value)
        return unsafe target + 1
    }
    return unsafe writeLongUnsigned(value, target)
}

/// How many digits a number has that is not zero: 1 233 / 4 096 is just above the logarithm of 2.
@inline(__always)
private func digitCount(_ value: UInt64) -> Int {
    let bits = 64 - value.leadingZeroBitCount
    let digits = (bits &* 1_233) >> 12
    return digits &+ (value >= powersOfTen[digits] ? 1 : 0)
}

private let powersOfTen: InlineArray<20, UInt64> = [
    1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
    100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
    10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
]

private func writeLongUnsigned(
    _ value: UInt64, _ target: UnsafeMutablePointer<UInt8>
) -> UnsafeMutablePointer<UInt8> {
    let count = digitCount(value)
    let pairs = unsafe digitPairs.utf8Start
    var rest = value
    var place = count
    while rest >= 10 {
        let pair = Int(truncatingIfNeeded: rest % 100) * 2
        rest /= 100
        place -= 2
        unsafe target[place] = unsafe pairs[pair]
        unsafe target[place + 1] = unsafe pairs[pair + 1]
    }
    if place > 0 { unsafe target[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest) }
    return unsafe target + count
}

@inline(__always)
func writeSigned(_ value: Int64, _ target: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    var target = unsafe target
    if value < 0 { unsafe writeByte("-", &target) }
    return unsafe writeUnsigned(value.magnitude, target)
}

/// Writes the shortest digits that give the number back. It must be finite.
func writeDouble(_ value: Double, _ target: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    if value == 0, value.sign == .minus { return unsafe writeNegativeZero(target) }
    // Whole numbers, which doubles often are, have their digits at hand.
    if value.magnitude < 1e15, value == value.rounded(.towardZero) {
        return unsafe writeSigned(Int64(value), target)
    }
    if let end = unsafe writeShortDouble(value, target) { return unsafe end }
    return unsafe target.withMemoryRebound(to: CChar.self, capacity: longestFloat) {
        unsafe target + datavault_write_double(value, $0)
    }
}

/// Writes a number of up to nine places, as most are that people deal with; nil for others.
///
/// Of up to fifteen digits there is only one number that reads as the value, so the one found here, without the zeros at
/// its end, is the shortest. That it reads as the value is seen by dividing: both sides are exact, so one rounding makes
/// what a reader would (Clinger 1990).
@inline(__always)
private func writeShortDouble(
    _ value: Double, _ target: UnsafeMutablePointer<UInt8>
) -> UnsafeMutablePointer<UInt8>? {
    let magnitude = value.magnitude
    // Below, a power of ten is shorter.
    guard magnitude >= 1e-3, magnitude < 1e6 else { return nil }
    let scaled = (magnitude * 1e9).rounded(.toNearestOrEven)
    guard scaled / 1e9 == magnitude else { return nil }
    let digits = UInt64(scaled)
    var fraction = digits % 1_000_000_000
    var places = 9
    while fraction % 10 == 0 {
        fraction /= 10
        places -= 1
    }
    var target = unsafe target
    if value < 0 { unsafe writeByte("-", &target) }
    unsafe target = unsafe writeUnsigned(digits / 1_000_000_000, target)
    unsafe writeByte(".", &target)
    unsafe writeDigits(Int(fraction), places, &target)
    return unsafe target
}

func writeFloat(_ value: Float, _ target: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    if value == 0, value.sign == .minus { return unsafe writeNegativeZero(target) }
    if value.magnitude < 1e7, value == value.rounded(.towardZero) {
        return unsafe writeSigned(Int64(value), target)
    }
    return unsafe target.withMemoryRebound(to: CChar.self, capacity: longestFloat) {
        unsafe target + datavault_write_float(value, $0)
    }
}

/// With a fraction: several readers take -0 for a whole number and lose its sign.
private func writeNegativeZero(_ target: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    var target = unsafe target
    unsafe writeByte("-", &target)
    unsafe writeByte("0", &target)
    unsafe writeByte(".", &target)
    unsafe writeByte("0", &target)
    return unsafe target
}
