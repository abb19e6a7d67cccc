import Synchronization

/// Places of a process that many share, as streams that may be open at a time: so many in all, and so many for each, so
/// that nobody takes all of them.
public final class SharedPlaces: Sendable {
    private let total: Int
    private let each: Int
    private let taken = Mutex((all: 0, by: [String: Int]()))

    /// - Parameters:
    ///   - total: Places in all.
    ///   - each: Of those, the most that one may have.
    public init(total: Int, each: Int) { (self.total, self.each) = (total, each) }

    /// Takes a place, to be given back by `leave`.
    ///
    /// - Parameter one: Who takes it: an organization's identifier.
    /// - Returns: Nil; if there is no place, how many there are: of its own, or in all.
    public func enter(_ one: String) -> Int? {
        taken.withLock { taken in
            let own = taken.by[one, default: 0]
            guard own < each else { return each }
            guard taken.all < total else { return total }
            taken.all += 1
            taken.by[one] = own + 1
            return nil
        }
    }

    /// Gives a place back.
    public func leave(_ one: String) {
        taken.withLock { taken in
            taken.all -= 1
            let own = taken.by[one, default: 0] - 1
            taken.by[one] = own > 0 ? own : nil
        }
    }
}
