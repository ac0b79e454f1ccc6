import Harness
import Workload

/// Runs `body` on so many threads, each bound to a processor, and waits for all of them.
func onThreads(_ count: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
        let box = ThreadBody(body)
        bench_threads(
            Int32(count),
            { context, index in
                Unmanaged<ThreadBody>.fromOpaque(context).takeUnretainedValue().body(Int(index))
            }, Unmanaged.passUnretained(box).toOpaque())
        withExtendedLifetime(box) {}
    }
}

private final class ThreadBody {
    let body: (Int) -> Void

    init(_ body: @escaping (Int) -> Void) { self.body = body }
}

/// Where threads wait for each other.
final class Barrier {
    private let word = bench_word_new()
    private let count: Int64

    init(_ count: Int) { self.count = Int64(count) }

    deinit { bench_word_free(word) }

    /// Asleep, since others may have milliseconds to go; then awake, so that all leave together.
    func wait() {
        let arrived = bench_word_add(word, 1)
        let wanted = (arrived + count - 1) / count * count
        while bench_word_get(word) < wanted { bench_sleep(50_000) }
        let ready = bench_word_add(second, 1)
        let all = (ready + count - 1) / count * count
        while bench_word_get(second) < all {}
    }

    private let second = bench_word_new()
}

/// A number that one thread sets and others read.
final class SharedNumber {
    private let word = bench_word_new()

    deinit { bench_word_free(word) }

    var value: Int {
        get { Int(bench_word_get(word)) }
        set { _ = bench_word_add(word, Int64(newValue) - bench_word_get(word)) }
    }
}

/// Processor time and wall time of a piece of work.
struct Timing {
    var processor: Int64
    var wall: Int64

    /// 1 when the thread had its processor all the time.
    var disturbance: Double { Double(wall) / Double(processor) }

    static func of(_ work: () -> Void) -> Timing {
        let (wall, processor) = (bench_wall_nanoseconds(), bench_thread_nanoseconds())
        work()
        return Timing(
            processor: bench_thread_nanoseconds() - processor, wall: bench_wall_nanoseconds() - wall)
    }
}
