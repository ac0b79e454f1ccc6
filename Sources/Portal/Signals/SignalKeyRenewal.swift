internal import ServiceLifecycle

/// Fetches a transmitter's keys when it starts and at an interval; after an error sooner.
package struct SignalKeyRenewal: Service {
    private let keys: FetchedKeys

    private static let firstPause: Duration = .seconds(15)
    private static let longestPause: Duration = .seconds(300)

    package init(_ keys: FetchedKeys) { self.keys = keys }

    package func run() async throws {
        var failures = 0
        while !Task.isCancelled && !Task.isShuttingDownGracefully {
            var pause = keys.settings.interval
            switch await keys.renew() {
            case .current: failures = 0
            case .unknown:
                pause = min(pause, Self.firstPause * (1 << min(failures, 5)), Self.longestPause)
                failures += 1
            }
            try? await cancelWhenGracefulShutdown { [pause] in try await Task.sleep(for: pause) }
        }
    }
}
