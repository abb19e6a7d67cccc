import ServiceKit
import Testing

/// Places of a process, of which each may have some.
struct SharedPlacesTests {
    @Test func leavesPlacesForOthers() {
        let places = SharedPlaces(total: 5, each: 3)
        for _ in 0..<3 { #expect(places.enter("a") == nil) }
        #expect(places.enter("a") == 3)
        #expect(places.enter("b") == nil)
        #expect(places.enter("b") == nil)
        #expect(places.enter("b") == 5)
        places.leave("a")
        #expect(places.enter("b") == nil)
        #expect(places.enter("b") == 3)
    }
}
