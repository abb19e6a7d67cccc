import Persistence
import Synchronization

/// The process's one storage of objects, opened by the first role that keeps some.
final class SharedObjects: Sendable {
    private let opened = Mutex<(any ObjectStore)?>(nil)

    func open(_ settings: Settings) throws -> any ObjectStore {
        try opened.withLock { opened in
            if let opened { return opened }
            let made = try ObjectSettings.open(settings)
            opened = made
            return made
        }
    }
}
