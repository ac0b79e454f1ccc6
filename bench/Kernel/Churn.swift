import Foundation
import Netfilter
import NetworkTypes
import RulesetCompiler
import Synchronization

/// Changes one session after another, each in a transaction of its own, ten every millisecond, until it is ended.
final class Churn: Sendable {
    private let isOver = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)
    private let seconds = Mutex<Result<[Double], any Error>>(.success([]))

    init(_ gateway: Gateway, _ family: AddressFamily, _ way: Way) {
        let kernel = gateway.backend
        let interface = way == .out ? gateway.tunnel : gateway.farTunnel
        Thread.detachNewThread { [self] in
            let result = Result {
                try kernel.perform { [self] backend in
                    var seconds: [Double] = []
                    var next = ContinuousClock.now
                    var number = 0
                    while !isOver.load(ordering: .relaxed) {
                        for _ in 0..<10 {
                            number = (number + 7919) % 100_000
                            guard let change = Transaction.moving(number, family, interface) else { continue }
                            seconds.append(try Time.of { _ = try backend.commit(change) })
                        }
                        next += .milliseconds(1)
                        let rest = next - ContinuousClock.now
                        if rest > .zero { usleep(UInt32(rest / .microseconds(1))) }
                    }
                    return seconds
                }
            }
            self.seconds.withLock { $0 = result }
            ended.signal()
        }
    }

    /// How long each change took, in seconds.
    func end() throws -> [Double] {
        isOver.store(true, ordering: .relaxed)
        ended.wait()
        return try seconds.withLock { try $0.get() }
    }
}

extension Transaction {
    /// One session gets a scope, whatever it had.
    static func moving(_ number: Int, _ family: AddressFamily, _ interface: UInt32) -> Transaction? {
        guard let key = Sample.key(number, family, interface), let element = Sample.element(number) else {
            return nil
        }
        return Transaction([.put(key, element)], in: Sample.layout(0), at: Sample.now)
    }
}
