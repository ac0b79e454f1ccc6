import Reference
import Workload

/// So many packets through the packet path, and nothing else that depends on how many: run under callgrind with N and
/// with 2N packets, the difference is what N packets cost.
///
///     PathGate v4|v6|mixed PACKETS [reference]
///
/// With the last word it is the packet path in C, for comparison.
@main
enum PathGate {
    /// As many as the caches of any machine hold: instructions do not depend on it, but for what a longer path of
    /// the table costs.
    private static let sessions = 1000
    private static let frames = 1 << 14

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let family = Family(rawValue: arguments[1]),
            let packets = Int(arguments[2]),
            packets % frames == 0
        else { fail("usage: PathGate v4|v6|mixed PACKETS [reference], PACKETS a multiple of \(frames)") }
        let scopes = Scopes()
        let traffic = Traffic(scopes, family: family, sessions: sessions, sizes: .small, count: frames)
        let engine: any Engine =
            if arguments.last == "reference" {
                ReferenceEngine(
                    ReferenceImage(reference_plain().pointee, scopes, family: family, sessions: sessions),
                    traffic)
            } else {
                PathEngine(try ImageBox(scopes, family: family, sessions: sessions), traffic)
            }
        for _ in 0..<packets / frames {
            engine.process(part: 0, count: frames)
            engine.drain()
        }
        let totals = engine.totals
        guard totals.packets == packets, totals.denied > 0 else { fail("counted \(totals)") }
        print("packets \(totals.packets) denied \(totals.denied) events \(totals.events)")
    }
}
