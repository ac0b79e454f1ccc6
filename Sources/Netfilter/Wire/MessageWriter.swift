import CNetfilter

/// Builds netlink messages, one behind the other, in one growing array of bytes.
///
/// Lengths are filled in when a message or an attribute closes, so what is written can not disagree with its own
/// length. Numbers in attributes are in network order, as all of nf_tables' are; headers are in the machine's.
struct MessageWriter {
    private(set) var bytes: [UInt8] = []

    /// One `nlmsghdr` and `nfgenmsg`, then what `body` writes.
    mutating func message(
        _ type: UInt16, flags: Int32 = 0, sequence: UInt32, family: UInt8 = UInt8(NFPROTO_INET),
        resource: UInt16 = 0, _ body: (inout MessageWriter) -> Void = { _ in }
    ) {
        let start = bytes.count
        host(UInt32(0))
        host(type)
        host(UInt16(truncatingIfNeeded: NLM_F_REQUEST | flags))
        host(sequence)
        host(UInt32(0))
        bytes.append(family)
        bytes.append(UInt8(NFNETLINK_V0))
        network(resource)
        body(&self)
        patch(UInt32(truncatingIfNeeded: bytes.count - start), at: start)
    }

    mutating func nest(_ type: some RawRepresentable<UInt32>, _ body: (inout MessageWriter) -> Void) {
        attribute(UInt16(truncatingIfNeeded: type.rawValue) | UInt16(NLA_F_NESTED), body)
    }

    mutating func attribute(_ type: some RawRepresentable<UInt32>, _ value: some FixedWidthInteger) {
        attribute(UInt16(truncatingIfNeeded: type.rawValue)) { $0.network(value) }
    }

    mutating func attribute(_ type: some RawRepresentable<UInt32>, bytes value: some Sequence<UInt8>) {
        attribute(UInt16(truncatingIfNeeded: type.rawValue)) { $0.bytes.append(contentsOf: value) }
    }

    /// Text ends in a zero byte.
    mutating func attribute(_ type: some RawRepresentable<UInt32>, text: String) {
        attribute(UInt16(truncatingIfNeeded: type.rawValue)) {
            $0.bytes.append(contentsOf: text.utf8)
            $0.bytes.append(0)
        }
    }

    /// The length counts header and value, not the padding to the next multiple of 4.
    private mutating func attribute(_ type: UInt16, _ body: (inout MessageWriter) -> Void) {
        let start = bytes.count
        host(UInt16(0))
        host(type)
        body(&self)
        patch(UInt16(truncatingIfNeeded: bytes.count - start), at: start)
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    private mutating func network<Number: FixedWidthInteger>(_ value: Number) {
        for index in (0..<Number.bitWidth / 8).reversed() { bytes.append(value.byte(index)) }
    }

    private mutating func host<Number: FixedWidthInteger>(_ value: Number) {
        for index in 0..<Number.bitWidth / 8 { bytes.append(value.hostByte(index)) }
    }

    private mutating func patch<Number: FixedWidthInteger>(_ value: Number, at start: Int) {
        for index in 0..<Number.bitWidth / 8 { bytes[start + index] = value.hostByte(index) }
    }
}

extension FixedWidthInteger {
    /// The byte of weight 256 to the `index`.
    func byte(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: self >> Self(index * 8)) }

    /// The byte at `index` in this machine's memory.
    func hostByte(_ index: Int) -> UInt8 {
        #if _endian(little)
            byte(index)
        #else
            byte(Self.bitWidth / 8 - 1 - index)
        #endif
    }

    var hostBytes: [UInt8] { (0..<Self.bitWidth / 8).map(hostByte) }

    var networkBytes: [UInt8] { (0..<Self.bitWidth / 8).reversed().map(byte) }
}
