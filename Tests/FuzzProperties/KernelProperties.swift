import Netfilter
import NetworkTypes
import RulesetCompiler
import Sessions

/// What holds for replies of the kernel over netlink: acknowledgements, dumps of session maps, tracked connections.
enum KernelProperties {
    private static let now = Instant(secondsSince1970: 1_795_212_000)

    static func violation(in input: [UInt8]) -> String? {
        let whole = Reading(input[...])
        // Where the bytes stand in memory, and what stands around them, must not matter.
        let padded = [0xff, 0x04, 0x00, 0xff, 0xff] + input + [0xff, 0xff, 0xff, 0xff]
        if Reading(padded[5..<5 + input.count]) != whole { return "otherwise at another place" }
        if whole.payloadBytes > input.count { return "\(whole.payloadBytes) bytes of \(input.count)" }
        for (key, element) in whole.sessions {
            if let violation = violation(key, element) { return violation }
        }
        return nil
    }

    private struct Reading: Equatable {
        var answers: [KernelAnswer] = []
        var sessions: [SessionKey: Ruleset.Element] = [:]
        var marks: [UInt32?] = []
        var left: [UInt64?] = []
        var connections: [TrackedConnection] = []
        var payloadBytes = 0

        init(_ datagram: ArraySlice<UInt8>) {
            for message in ReceivedMessage.all(in: datagram) {
                payloadBytes += message.payload.count + 16
                if let answer = message.answer { answers.append(answer) }
                if let connection = TrackedConnection(message) { connections.append(connection) }
                for element in DumpedElement.all(in: message) {
                    marks.append(element.mark)
                    left.append(element.left)
                    if let (key, value) = element.session(readAt: now) { sessions[key] = value }
                }
            }
        }
    }

    /// An element that was read is the one that is read when we write it.
    private static func violation(_ key: SessionKey, _ element: Ruleset.Element) -> String? {
        let transaction = Transaction(
            [.put(key, element)], in: RulesetLayout(table: "t", tunnels: []), at: now)
        let bytes = NetlinkConnection.batch("t", transaction.operations, from: 1, generation: nil)
        let read = ReceivedMessage.all(in: bytes[...]).flatMap(DumpedElement.all)
            .compactMap { $0.session(readAt: now) }
        guard let (again, value) = read.last, again == key, value.scope == element.scope else {
            return "an element that is another when it is written: \(key)"
        }
        return nil
    }
}
