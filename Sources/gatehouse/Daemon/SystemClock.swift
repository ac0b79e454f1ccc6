import Enforcement
import Glibc
import Sessions

/// The one reader of the system's clock.
struct SystemClock: WallClock {
    func now() -> Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Instant(secondsSince1970: Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}
