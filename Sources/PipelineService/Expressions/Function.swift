/// What a node of a program computes of its arguments, value by value. Null and errors never get here: they are handled
/// for all functions alike.
enum Function: Sendable, Hashable {
    enum Order: Sendable, Hashable { case less, lessOrEqual, greater, greaterOrEqual }
    enum Arithmetic: Sendable, Hashable { case add, subtract, multiply, divide, remainder }
    enum TimePart: String, Sendable, Hashable, CaseIterable {
        case year = "getFullYear"
        case month = "getMonth"
        case dayOfMonth = "getDayOfMonth"
        case date = "getDate"
        case dayOfWeek = "getDayOfWeek"
        case dayOfYear = "getDayOfYear"
        case hours = "getHours"
        case minutes = "getMinutes"
        case seconds = "getSeconds"
        case milliseconds = "getMilliseconds"
    }
    enum TextTest: String, Sendable, Hashable { case contains, startsWith, endsWith }
    enum TextMap: String, Sendable, Hashable, CaseIterable { case lowerAscii, upperAscii, trim, reverse }
    enum MathMap: String, Sendable, Hashable, CaseIterable { case abs, sign, ceil, floor, round, trunc, sqrt }
    enum MathTest: String, Sendable, Hashable, CaseIterable { case isNaN, isInf, isFinite }

    case order(Order)
    case arithmetic(Arithmetic)
    case negate
    case not
    case size
    case textTest(TextTest)
    case textMap(TextMap)
    case matches
    case charAt
    case indexOf
    case lastIndexOf
    case substring
    case replace
    case split
    case join
    case concatenateLists
    case toInt
    case toUint
    case toDouble
    case toDecimal
    case toString
    case toBool
    case toBytes
    case toTimestamp
    case toDuration
    case timePart(TimePart)
    case mathMap(MathMap)
    case mathTest(MathTest)
    /// To so many places behind the point.
    case roundTo
    case greatest
    case least
    case listIndex
    case mapIndex
    case mapHas
}
