/// What a lane has in hand: pages, the times to ask for them, and what has become of them. A pure state; the lane locks it.
struct LaneDesk: Sendable {
    private struct Host: Sendable {
        var pages: [ClaimedPage] = []
        var times: [RequestTime] = []
        var slots = 1
        /// Pages that are being worked at.
        var active: Set<ClaimedPage> = []
        var isAskingRobots = false
    }

    private var hosts: [String: Host] = [:]
    private(set) var results: [PageResult] = []
    /// No page is begun any more.
    private(set) var isClosed = false
    /// How far ahead of the clock times are asked for.
    var lead = RequestLead()

    /// Whether anything is under way.
    var isBusy: Bool { hosts.values.contains { !$0.active.isEmpty } }
    /// Pages that have not been begun.
    var waiting: Int { hosts.values.reduce(0) { $0 + $1.pages.count } }
    var inHand: Int { hosts.values.reduce(0) { $0 + $1.pages.count + $1.active.count } }

    mutating func add(_ grants: [String: CrawlTurn.Grant]) {
        for (host, grant) in grants {
            hosts[host, default: Host()].pages += grant.pages
            hosts[host, default: Host()].times += grant.times
            if let slots = grant.slots { hosts[host, default: Host()].slots = slots }
        }
    }

    /// Hosts at which another page could be begun, each as often as there is room.
    mutating func openings() -> [String] {
        if isClosed { return [] }
        return hosts.flatMap { host, state in
            // Without a time a page would only go back.
            let room = min(state.slots - state.active.count, state.pages.count, state.times.count)
            return room > 0 && !state.isAskingRobots ? Array(repeating: host, count: room) : []
        }
    }

    /// Begins a page of a host; nil if there is none, or no room.
    mutating func begin(at host: String) -> ClaimedPage? {
        guard !isClosed, var state = hosts[host], state.active.count < state.slots, !state.isAskingRobots,
            !state.pages.isEmpty, !state.times.isEmpty
        else { return nil }
        let page = state.pages.removeFirst()
        state.active.insert(page)
        hosts[host] = state
        return page
    }

    /// A time to ask the host at; nil if there is none: the page goes back.
    mutating func takeTime(at host: String) -> RequestTime? {
        guard let count = hosts[host]?.times.count, count > 0 else { return nil }
        return hosts[host]?.times.removeFirst()
    }

    /// One asks for robots.txt, and the host's other pages wait for what it says.
    mutating func beginRobots(at host: String) -> Bool {
        guard hosts[host]?.isAskingRobots == false else { return false }
        hosts[host]?.isAskingRobots = true
        return true
    }

    mutating func endRobots(at host: String) { hosts[host]?.isAskingRobots = false }

    /// Puts a page back that cannot be asked for yet.
    mutating func putBack(_ page: ClaimedPage) {
        hosts[page.host]?.active.remove(page)
        hosts[page.host]?.pages.insert(page, at: 0)
    }

    mutating func finish(_ result: PageResult) {
        hosts[result.page.host]?.active.remove(result.page)
        results.append(result)
    }

    mutating func takeResults() -> [PageResult] {
        defer { results = [] }
        return results
    }

    /// Gives back the pages that have no time yet: nothing more is to come.
    mutating func wind() {
        for (host, state) in hosts where state.pages.count > state.times.count {
            hosts[host]?.pages.removeLast(state.pages.count - state.times.count)
        }
    }

    /// Gives back what has not been begun at a host: others have their turn.
    mutating func yield(at host: String) {
        hosts[host]?.pages = []
        hosts[host]?.times = []
    }

    /// Begins nothing more, and gives back what has not been begun.
    mutating func close() {
        isClosed = true
        for host in hosts.keys { hosts[host]?.pages = [] }
    }

    /// What the next turn is told.
    func holding() -> (kept: [ClaimedPage], held: [String: CrawlTurn.Held]) {
        var kept: [ClaimedPage] = []
        var held: [String: CrawlTurn.Held] = [:]
        for (host, state) in hosts {
            kept += state.pages + state.active
            held[host] = CrawlTurn.Held(
                pages: state.pages.count + state.active.count,
                missingTimes: max(state.pages.count - state.times.count, 0))
        }
        return (kept, held)
    }

    /// Forgets hosts at which there is nothing left.
    mutating func tidy() {
        hosts = hosts.filter { !$0.value.pages.isEmpty || !$0.value.active.isEmpty }
    }
}
