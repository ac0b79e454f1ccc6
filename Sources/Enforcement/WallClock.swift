package import Sessions

/// Civil time, as a parameter of the one place that needs it.
package protocol WallClock: Sendable {
    func now() -> Instant
    /// Returns after a time that passes, whatever the wall clock does meanwhile; throws when cancelled.
    func sleep(for duration: Duration) async throws
}
