import CNetfilter

/// One netlink message as received: what it is, and its bytes behind the `nlmsghdr`.
package struct ReceivedMessage {
    package var type: UInt16
    package var sequence: UInt32
    /// Of the socket that asked, or whose change is told; 0 is the kernel itself.
    package var port: UInt32
    package var payload: ArraySlice<UInt8>

    /// The messages of one datagram. Ends at the first whose length makes no sense: the kernel sends none such.
    package static func all(in datagram: ArraySlice<UInt8>) -> [ReceivedMessage] {
        var rest = datagram
        var messages: [ReceivedMessage] = []
        while let length = rest.host(UInt32.self, at: 0).map(Int.init), length >= 16, length <= rest.count,
            let type = rest.host(UInt16.self, at: 4), let sequence = rest.host(UInt32.self, at: 8),
            let port = rest.host(UInt32.self, at: 12)
        {
            messages.append(
                ReceivedMessage(
                    type: type, sequence: sequence, port: port,
                    payload: rest.dropFirst(16).prefix(length - 16)))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return messages
    }

    /// The attributes behind the `nfgenmsg`.
    var attributes: Attributes { Attributes(payload.dropFirst(4)) }

    /// The kernel's answer to one request; nil when this is something else.
    package var answer: KernelAnswer? {
        guard type == UInt16(NLMSG_ERROR), let code = payload.host(Int32.self, at: 0),
            let sequence = payload.host(UInt32.self, at: 12)
        else { return nil }
        // With NETLINK_CAP_ACK the request's header comes back without what followed it, then attributes.
        let words = Attributes(payload.dropFirst(20)).first(UInt16(NLMSGERR_ATTR_MSG.rawValue))
        // The lowest number has no positive: as an error it stays one.
        return KernelAnswer(
            sequence: sequence, errno: 0 &- code, detail: words.map(\.zeroTerminatedText) ?? "")
    }
}

/// An acknowledgement (errno 0) or a refusal of the message with the sequence number.
package struct KernelAnswer: Hashable {
    package var sequence: UInt32
    package var errno: Int32
    /// The kernel's own words, mostly none.
    package var detail: String
}

/// Netlink attributes, one behind the other.
struct Attributes: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next() -> (type: UInt16, value: ArraySlice<UInt8>)? {
        guard let length = rest.host(UInt16.self, at: 0).map(Int.init), length >= 4, length <= rest.count,
            let type = rest.host(UInt16.self, at: 2)
        else { return nil }
        let value = rest.dropFirst(4).prefix(length - 4)
        rest = rest.dropFirst((length + 3) & ~3)
        return (type & 0x3fff, value)
    }

    func first(_ type: UInt16) -> ArraySlice<UInt8>? { first { $0.type == type }?.value }

    func first(_ type: some RawRepresentable<UInt32>) -> ArraySlice<UInt8>? {
        first(UInt16(truncatingIfNeeded: type.rawValue))
    }

    func nested(_ type: some RawRepresentable<UInt32>) -> Attributes? { first(type).map(Attributes.init) }
}

extension ArraySlice<UInt8> {
    /// The number at an offset from the slice's start in the machine's order; nil beyond the end.
    func host<Number: FixedWidthInteger>(_: Number.Type, at offset: Int) -> Number? {
        network(Number.self, at: offset).map { Number(bigEndian: $0) }
    }

    /// The number at an offset in network order.
    func network<Number: FixedWidthInteger>(_: Number.Type, at offset: Int = 0) -> Number? {
        let size = Number.bitWidth / 8
        guard offset >= 0, offset + size <= count else { return nil }
        return self[(startIndex + offset)..<(startIndex + offset + size)]
            .reduce(0) { ($0 << 8) | Number(truncatingIfNeeded: $1) }
    }

    var zeroTerminatedText: String { String(decoding: prefix { $0 != 0 }, as: UTF8.self) }
}
