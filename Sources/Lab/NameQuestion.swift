/// Something that is sent as one packet and that only the right answer answers.
package protocol Question: Sendable {
    /// As it goes over the wire, from the header of the datagram's or the ICMP payload on.
    var bytes: [UInt8] { get }
    /// Whether `reply` is the answer. `reply` is as the socket gives it.
    func isAnswered(by reply: [UInt8]) -> Bool
}

/// A DNS question (RFC 1035 section 4), to see whether UDP gets somewhere and back.
package struct NameQuestion: Question {
    private static let identifier: UInt16 = 0x6768
    /// A header, one question, type A, class IN.
    package let bytes: [UInt8]

    package init(name: String) {
        let number = { (value: UInt16) in [UInt8(value >> 8), UInt8(value & 255)] }
        let recursionDesired: UInt16 = 0x0100
        let header = [Self.identifier, recursionDesired, 1, 0, 0, 0].flatMap(number)
        let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        bytes = header + labels + [0] + number(1) + number(1)
    }

    package func isAnswered(by reply: [UInt8]) -> Bool {
        reply.count >= 12 && Array(reply.prefix(2)) == Array(bytes.prefix(2)) && reply[2] & 0x80 != 0
    }
}
