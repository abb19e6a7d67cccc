import Logging
import ServiceLifecycle

/// Removes files of robots.txt that have expired from the table that all workers share, and keeps it within its bounds.
struct RobotsSweeper: Service {
    let robots: RobotsKeeper
    let environment: ScrapeEnvironment
    let logger: Logger
    var interval: Duration = .seconds(300)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await robots.sweep() } catch  where !Task.isCancelled {
                    logger.warning("old robots.txt could not be removed", metadata: ["error": "\(error)"])
                } catch {}
                do { try await environment.sleep(interval) } catch { return }
            }
        }
    }
}
