import PacketSamples

/// Capture files, written field by field.
struct CaptureText {
    var bigEndian = false

    func short(_ value: Int) -> [UInt8] { ordered(Bytes.short(value)) }
    func word(_ value: Int) -> [UInt8] { ordered(Bytes.word(value)) }
    func long(_ value: Int) -> [UInt8] { ordered(Bytes.word(value >> 32) + Bytes.word(value)) }

    private func ordered(_ bytes: [UInt8]) -> [UInt8] { bigEndian ? bytes : bytes.reversed() }

    func pcapHeader(magic: Int = 0xa1b2_c3d4, link: Int, version: (Int, Int) = (2, 4)) -> [UInt8] {
        word(magic) + short(version.0) + short(version.1) + word(0) + word(0) + word(262_144) + word(link)
    }

    /// Files before version 2.3 have the lengths swapped.
    func record(
        seconds: Int = 1, fraction: Int = 2, _ bytes: [UInt8], original: Int? = nil, swapped: Bool = false
    ) -> [UInt8] {
        let lengths = [word(bytes.count), word(original ?? bytes.count)]
        return word(seconds) + word(fraction) + (swapped ? lengths.reversed() : lengths).joined() + bytes
    }

    /// A record of the patched pcap: with the interface, the protocol and the kind of packet.
    func modifiedRecord(_ bytes: [UInt8]) -> [UInt8] {
        word(1) + word(2) + word(bytes.count) + word(bytes.count) + word(3) + short(0x0800) + [0, 0] + bytes
    }

    func block(_ type: Int, _ body: [UInt8]) -> [UInt8] {
        let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
        let length = word(padded.count + 12)
        return word(type) + length + padded + length
    }

    /// 36 bytes, and the comment's with four before them.
    func sectionHeader(comment: Int = 0) -> [UInt8] {
        let words = comment == 0 ? [] : option(1, [UInt8](repeating: 0x63, count: comment))
        return block(
            0x0a0d_0d0a,
            word(0x1a2b_3c4d) + short(1) + short(0) + long(-1) + option(4, Array("us".utf8)) + words)
    }

    func interface(link: Int, snapLength: Int = 0, options: [UInt8] = []) -> [UInt8] {
        block(1, short(link) + short(0) + word(snapLength) + options)
    }

    func option(_ code: Int, _ value: [UInt8]) -> [UInt8] {
        short(code) + short(value.count) + value + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }

    func enhanced(interface: Int = 0, time: Int = 1_000_002, _ bytes: [UInt8]) -> [UInt8] {
        let padding = [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
        return block(
            6,
            word(interface) + word(time >> 32) + word(time) + word(bytes.count) + word(bytes.count) + bytes
                + padding + option(1, Array("a comment".utf8)) + option(0, []))
    }

    func simple(_ bytes: [UInt8], original: Int? = nil) -> [UInt8] {
        block(3, word(original ?? bytes.count) + bytes)
    }

    func obsolete(interface: Int = 0, time: Int = 1_000_002, _ bytes: [UInt8]) -> [UInt8] {
        block(
            2,
            short(interface) + short(0xffff) + word(time >> 32) + word(time) + word(bytes.count)
                + word(bytes.count) + bytes)
    }
}
