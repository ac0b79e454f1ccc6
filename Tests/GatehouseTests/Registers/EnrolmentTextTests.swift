import ArgumentParser
import Evidence
import Testing

@testable import gatehouse

/// What `gatehouse user enrol` prints, and when it draws a QR code.
@Suite struct EnrolmentTextTests {
    private static let enrolment = ControlMessages.Enrolment(
        user: "alice", uri: "otpauth://totp/VPN:alice?secret=JBSWY3DPEHPK3PXP&issuer=VPN",
        secret: "JBSWY3DPEHPK3PXP")

    private static let words = """
        otpauth://totp/VPN:alice?secret=JBSWY3DPEHPK3PXP&issuer=VPN

        or typed in: JBSW Y3DP EHPK 3PXP

        It is not shown again.
        """

    /// Modules of a drawing, two rows from each line.
    private static func modules(_ lines: some Sequence<Substring>) -> [[Bool]] {
        lines.flatMap { line in
            [line.map { "█▀".contains($0) }, line.map { "█▄".contains($0) }]
        }
    }

    @Test(arguments: [14, 62, 122, 150, 213]) func drawingHasEveryModuleInItsQuietZone(count: Int) throws {
        let code = try #require(QRCode(Array(repeating: 0x61, count: count)))
        let lines = EnrolmentText.draw(code, .plain).split(separator: "\n")
        let modules = Self.modules(lines)
        let side = code.side + 8
        #expect(side <= 65 && lines.allSatisfy { $0.count == side })
        // An odd number of rows: the last line is half full.
        #expect(modules.count == side + 1)
        for row in 0...side {
            for column in 0..<side {
                #expect(modules[row][column] == code.isDark(row: row - 4, column: column - 4))
            }
        }
    }

    @Test func terminalsGetBlackOnWhiteWhateverTheirColours() throws {
        let code = try #require(QRCode(Array(Self.enrolment.uri.utf8)))
        let plain = EnrolmentText.draw(code, .plain).split(separator: "\n")
        let coloured = EnrolmentText.draw(code, .blackOnWhite).split(separator: "\n")
        #expect(coloured.map(String.init) == plain.map { "\u{1B}[38;5;16;48;5;231m\($0)\u{1B}[0m" })
        let text = EnrolmentText.render(Self.enrolment, .blackOnWhite)
        #expect(text.hasPrefix(coloured.joined(separator: "\n") + "\n\n"))
        #expect(text.hasSuffix(Self.words))
    }

    @Test func addressThatIsTooLongIsSaidToBe() {
        var long = Self.enrolment
        long.uri += String(repeating: "x", count: 200)
        let text = EnrolmentText.render(long, .plain)
        #expect(text.hasPrefix("(the address is too long for a QR code"))
        #expect(text.contains(long.uri) && !text.contains("█"))
    }

    @Test(
        arguments: [
            ([], nil), (["--qr"], true), (["--no-qr"], false), (["--json"], nil),
            (["--json", "--no-qr"], false),
        ] as [([String], Bool?)])
    func flagsAreRead(words: [String], qr: Bool?) throws {
        let command = try Gatehouse.parseAsRoot(["user", "enrol", "alice"] + words)
        let enrol = try #require(command as? UserCommand.Enrol)
        #expect(enrol.qr == qr)
    }

    @Test func oneDocumentHasNoPictureInIt() {
        #expect(throws: (any Error).self) {
            try Gatehouse.parseAsRoot(["user", "enrol", "alice", "--json", "--qr"])
        }
    }
}
