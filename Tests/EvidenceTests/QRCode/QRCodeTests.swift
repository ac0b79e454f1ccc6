import Sessions
import TestSupport
import Testing

@testable import Evidence

/// Codes that are read back module by module.
@Suite struct QRCodeTests {
    private static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = Seeded(seed)
        return (0..<count).map { _ in .random(in: 0...255, using: &random) }
    }

    @Test(arguments: 0...QRCode.maximumBytes) func everyLengthIsReadBack(count: Int) throws {
        let bytes = Self.bytes(count, seed: UInt64(count))
        let code = try #require(QRCode(bytes))
        let reader = SlowQRReader(code)
        #expect(try reader.bytes() == bytes)
        #expect(try reader.mask() == code.mask)
    }

    /// Where a version is full (table 7).
    @Test(arguments: [
        (1, 14), (2, 26), (3, 42), (4, 62), (5, 84), (6, 106), (7, 122), (8, 152), (9, 180), (10, 213),
    ])
    func takesTheSmallestThatHasRoom(version: Int, capacity: Int) throws {
        let full = try #require(QRCode(Self.bytes(capacity, seed: 1)))
        #expect(full.version == version && full.side == 17 + 4 * version)
        #expect(QRCode(Self.bytes(capacity + 1, seed: 1))?.version == (version == 10 ? nil : version + 1))
    }

    @Test func moreThanFitsIsNone() {
        #expect(QRCode(Self.bytes(QRCode.maximumBytes + 1, seed: 1)) == nil)
        #expect(QRCode(Self.bytes(100_000, seed: 1)) == nil)
    }

    @Test(arguments: 0..<8) func everyMaskIsReadBack(mask: Int) throws {
        for count in [9, 90, 150, 213] {
            let bytes = Self.bytes(count, seed: 3)
            let code = try #require(QRCode(bytes, mask: mask))
            #expect(try SlowQRReader(code).bytes() == bytes)
            #expect(try SlowQRReader(code).mask() == mask)
        }
    }

    @Test(arguments: [1, 17, 99, 200]) func takesTheMaskThatIsEasiestToRead(count: Int) throws {
        let bytes = Self.bytes(count, seed: 7)
        let penalties = try (0..<8).map { SlowPenalty.of(try #require(QRCode(bytes, mask: $0))) }
        let taken = try #require(QRCode(bytes))
        #expect(penalties[taken.mask] == penalties.min())
        #expect(taken.penalty == penalties.min())
        #expect(taken == QRCode(bytes, mask: taken.mask))
    }

    @Test func outsideOfTheSymbolIsLight() throws {
        let code = try #require(QRCode([]))
        // The corners of the finders are dark, what is around them is the quiet zone.
        #expect(code.isDark(row: 0, column: 0) && code.isDark(row: 20, column: 0))
        for place in [(-1, 0), (0, -1), (21, 0), (0, 21), (-5, -5)] {
            #expect(!code.isDark(row: place.0, column: place.1))
        }
    }

    /// The example of annex I: data and check codewords of a symbol of version 1 at level M.
    @Test func checkBytesAreThoseOfTheStandard() {
        let data: [UInt8] = [
            0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11,
        ]
        let check: [UInt8] = [0xA5, 0x24, 0xD4, 0xC1, 0xED, 0x36, 0xC7, 0x87, 0x2C, 0x55]
        #expect(ReedSolomon(checkCount: 10).checkBytes(of: data) == check)
    }

    /// The address that authenticators take, with the longest names that people have.
    @Test func enrolmentsFit() throws {
        var random = Seeded(5)
        let seed = TOTPSeed(using: &random)
        let user = String(repeating: "u", count: 40)
        let uri = try #require(seed.enrolmentURI(user: user, issuer: "Example County Council VPN"))
        let bytes = uri.withBytes { Array($0) }
        #expect(try SlowQRReader(try #require(QRCode(bytes))).bytes() == bytes)
    }
}
