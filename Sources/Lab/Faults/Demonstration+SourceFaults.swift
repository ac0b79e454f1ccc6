import Foundation
import Glibc
import NetworkTypes

/// What goes wrong between the daemon and the VPN server's management socket.
extension Demonstration {
    /// The connection is closed, and nobody listens for three seconds.
    func closeManagement(_ stand: Stand) async throws -> Finding {
        stand.relay.set(.refuses)
        try await Task.sleep(for: .seconds(3))
        let heard = try await socket.sessionList().detachedSources.isEmpty
        stand.relay.set(.forwards)
        return Finding(complaint: heard ? "nobody noticed" : nil)
    }

    /// Nothing goes either way for so long that the daemon gives the server up.
    func hangManagement(_ stand: Stand) async throws -> Finding {
        stand.relay.set(.hangs)
        defer { stand.relay.set(.forwards) }
        let began = ContinuousClock.now
        try await Wait.until("the daemon to notice", within: .seconds(15), every: .milliseconds(50)) {
            try await !socket.sessionList().detachedSources.isEmpty
        }
        let time = Int((ContinuousClock.now - began) / .milliseconds(1))
        return Finding(note: "noticed after \(time) ms")
    }

    /// Tens of megabytes that mean nothing. The daemon must not grow with them, nor its log.
    func floodManagement(_ stand: Stand) async throws -> Finding {
        let process = stand.daemon.identifier
        let log = site.size(of: stand.daemon.log)
        guard let before = ProcessLooks.status("VmRSS", of: process) else {
            return Finding(complaint: "the daemon is gone")
        }
        try ProcessLooks.forgetPeak(of: process)
        stand.relay.begin(Flood(megabytes: Self.floodMegabytes, seed: options.seed))
        try await Wait.until("the flood to be over", within: .seconds(120), every: .milliseconds(50)) {
            !stand.relay.progress.isOn
        }
        // What the enforcer makes of it comes later.
        try await Task.sleep(for: .milliseconds(500))
        let grown = max(0, (ProcessLooks.status("VmHWM", of: process) ?? .max) - before)
        let logged = (site.size(of: stand.daemon.log) - log) / 1024
        let flooded = stand.relay.progress.bytes >> 20
        var finding = Finding(note: "\(flooded) MiB; memory grew by \(grown) KiB, the log by \(logged) KiB")
        if flooded < Self.floodMegabytes * Flood.kinds - 1 {
            finding.complaint = "only \(flooded) MiB were taken"
        }
        if grown > Self.mostGrowth { finding.complaint = "the daemon grew: " + finding.note }
        if logged > Self.mostLogged { finding.complaint = "the log grew: " + finding.note }
        return finding
    }

    /// Of each of four kinds.
    private static let floodMegabytes = 6
    /// In KiB.
    private static let mostGrowth = 32 << 10
    private static let mostLogged = 1 << 10

    /// Another VPN server's clients come in one go, and go in one go. What an administrator orders meanwhile does not wait
    /// for all of them.
    func comeAndGo(_ stand: Stand) async throws -> Finding {
        let crowd = stand.crowd
        let before = try await socket.inspect().elements ?? 0
        let refused = crowd.count.refused
        let began = ContinuousClock.now
        crowd.come(Self.crowdCount)
        let orders = Task { try await longestOrder() }
        defer { orders.cancel() }
        try await Wait.until("the crowd to be let in", within: Self.crowdPatience, every: .milliseconds(50)) {
            let count = crowd.count
            return count.waiting == 0 && count.open + count.refused - refused >= Self.crowdCount
        }
        let expected = before + 2 * Self.crowdCount
        try await Wait.until("the crowd's elements", within: Self.crowdPatience, every: .milliseconds(200)) {
            guard let look = try? await socket.inspect() else { return false }
            return look.elements == expected && look.isRight
        }
        let came = ContinuousClock.now
        orders.cancel()
        let (order, count) = try await orders.value
        crowd.go()
        try await Wait.until(
            "the crowd's elements to go", within: Self.crowdPatience, every: .milliseconds(50)
        ) {
            (try? await socket.inspect())?.elements == before
        }
        let gone = ContinuousClock.now
        let milliseconds = { (time: Duration) in "\(Int(time / .milliseconds(1))) ms" }
        var finding = Finding(
            note: "in after \(milliseconds(came - began)), gone after \(milliseconds(gone - came)), "
                + "longest of \(count) orders meanwhile \(milliseconds(order))")
        if order > max(Self.longestPatience, (came - began) / 5) {
            finding.complaint = "an order waited: \(finding.note)"
        }
        return finding
    }

    /// What an order takes at most, one after another until this is cancelled; and how many there were.
    private func longestOrder() async throws -> (Duration, count: Int) {
        var longest = Duration.zero
        var count = 0
        while !Task.isCancelled {
            let began = ContinuousClock.now
            _ = try await socket.setStatus("in-use", of: .colleagueLaptop)
            longest = max(longest, ContinuousClock.now - began)
            count += 1
            try? await Task.sleep(for: .milliseconds(100))
        }
        return (longest, count)
    }

    private static let crowdCount = 10_000
    private static let crowdPatience = Duration.seconds(300)
    /// Where the machine is so slow that the crowd takes long, an order may take a part of that.
    private static let longestPatience = Duration.seconds(3)
}
