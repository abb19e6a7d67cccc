import NIOCore

/// Something that can be woken at a time, at most once per arming; lives on one event loop.
///
/// Calls inherit from it, so that arming a deadline allocates nothing.
public class TimerEntry {
    /// When it fires, in ticks of the wheel; meaningful only while armed.
    @safe @exclusivity(unchecked) fileprivate var dueTick: UInt64 = 0
    @safe @exclusivity(unchecked) fileprivate var next: TimerEntry?
    @exclusivity(unchecked) fileprivate unowned(unsafe) var previous: TimerEntry?
    @safe @exclusivity(unchecked) fileprivate var isArmed = false
    /// Taken off the wheel to be fired in this tick, unless something disarms or moves it before its turn.
    @safe @exclusivity(unchecked) fileprivate var isDue = false

    init() {}

    /// Runs on the loop when the time has come. The entry is disarmed before.
    func timerFired() {}
}

/// A timer that runs a closure, for what is armed rarely (connections, not calls).
final class CallbackTimer: TimerEntry {
    @safe @exclusivity(unchecked) var action: (() -> Void)?

    override func timerFired() { action?() }
}

/// A hashed timer wheel on one event loop: O(1) to arm and to disarm, no allocation, a resolution of about 2 ms.
///
/// NIO's own scheduled tasks cost about a microsecond each, which is a quarter of a unary call.
/// Nearly every call disarms its deadline long before it is due, which is what a wheel is best at.
//
// Unchecked: confined to its loop.
final class TimerWheel: @unchecked Sendable {
    /// 2^21 ns: 2.1 ms a tick; gRPC deadlines need no finer resolution.
    private static let tickShift: UInt64 = 21
    private static let slotCount = 4096

    private let loop: any EventLoop
    @safe @exclusivity(unchecked) private var slots: [TimerEntry?]
    /// One bit a slot, so that the next occupied one is found without touching them all.
    @safe @exclusivity(unchecked) private var occupied: [UInt64]
    @safe @exclusivity(unchecked) private var processedTick: UInt64
    @safe @exclusivity(unchecked) private var armedCount = 0
    @safe @exclusivity(unchecked) private var wake: Scheduled<Void>?
    @safe @exclusivity(unchecked) private var wakeTick = UInt64.max
    /// Called after entries have fired, so that what they caused is carried out in the same turn.
    var afterFiring: () -> Void = {}

    init(loop: any EventLoop) {
        self.loop = loop
        self.slots = Array(repeating: nil, count: Self.slotCount)
        self.occupied = Array(repeating: 0, count: Self.slotCount / 64)
        self.processedTick = NIODeadline.now().uptimeNanoseconds >> Self.tickShift
    }

    /// Arms `entry`, moving it if it is armed already.
    func arm(_ entry: TimerEntry, at deadline: NIODeadline) {
        disarm(entry)
        // Rounded up: an entry must not fire before its deadline.
        let tick = max((deadline.uptimeNanoseconds >> Self.tickShift) &+ 1, processedTick &+ 1)
        entry.dueTick = tick
        let slot = Int(tick % UInt64(Self.slotCount))
        let head = slots[slot]
        entry.next = head
        unsafe head?.previous = entry
        unsafe entry.previous = nil
        slots[slot] = entry
        occupied[slot >> 6] |= 1 << UInt64(slot & 63)
        entry.isArmed = true
        armedCount += 1
        if tick < wakeTick { scheduleWake(at: tick) }
    }

    /// Disarms `entry`; nothing happens if it is not armed.
    func disarm(_ entry: TimerEntry) {
        entry.isDue = false
        guard entry.isArmed else { return }
        entry.isArmed = false
        armedCount -= 1
        let following = entry.next
        unsafe following?.previous = entry.previous
        if let previous = unsafe entry.previous {
            previous.next = following
        } else {
            let slot = Int(entry.dueTick % UInt64(Self.slotCount))
            slots[slot] = following
            if following == nil { occupied[slot >> 6] &= ~(1 << UInt64(slot & 63)) }
        }
        entry.next = nil
        unsafe entry.previous = nil
    }

    /// Cancels the pending wake-up, so that a loop can end with nothing scheduled.
    func stop() {
        wake?.cancel()
        wake = nil
        wakeTick = .max
    }

    private func scheduleWake(at tick: UInt64) {
        wake?.cancel()
        wakeTick = tick
        wake = loop.scheduleTask(deadline: .uptimeNanoseconds(tick << Self.tickShift)) { [weak self] in
            self?.advance()
        }
    }

    private func advance() {
        wake = nil
        wakeTick = .max
        let now = NIODeadline.now().uptimeNanoseconds >> Self.tickShift
        let steps = min(now &- processedTick, UInt64(Self.slotCount))
        var due: [TimerEntry] = []
        for step in 0..<steps {
            let slot = Int((processedTick &+ 1 &+ step) % UInt64(Self.slotCount))
            guard occupied[slot >> 6] & (1 << UInt64(slot & 63)) != 0 else { continue }
            var entry = slots[slot]
            while let current = entry {
                entry = current.next
                // Later rounds of the wheel share the slot.
                if current.dueTick <= now {
                    disarm(current)
                    current.isDue = true
                    due.append(current)
                }
            }
        }
        processedTick = max(processedTick, now)
        for entry in due where entry.isDue {
            entry.isDue = false
            entry.timerFired()
        }
        if armedCount > 0, let tick = nextOccupiedTick(), tick < wakeTick { scheduleWake(at: tick) }
        afterFiring()
    }

    /// The tick at which the wheel next passes an occupied slot.
    private func nextOccupiedTick() -> UInt64? {
        let start = Int((processedTick &+ 1) % UInt64(Self.slotCount))
        for offset in 0...occupied.count {
            let word = ((start >> 6) + offset) % occupied.count
            var bits = occupied[word]
            if offset == 0 { bits &= ~0 << UInt64(start & 63) }
            if offset == occupied.count { bits &= (1 << UInt64(start & 63)) &- 1 }
            guard bits != 0 else { continue }
            let slot = word << 6 + bits.trailingZeroBitCount
            let distance = (slot - start + Self.slotCount) % Self.slotCount
            return processedTick &+ 1 &+ UInt64(distance)
        }
        return nil
    }
}
