import Evidence
import Foundation
import Testing

/// A symbol of each version, module by module. `zbarimg` has read every one of them (`QRDecoderTests`), so that no decoder
/// is needed where these are looked at. `GATEHOUSE_REGENERATE=1 swift test` writes what is made now: let the decoder read
/// it again.
@Suite struct QRCodeGoldenTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden/QRCodes")
    private static let isRegenerating = ProcessInfo.processInfo.environment["GATEHOUSE_REGENERATE"] == "1"

    /// What is in the code of each version.
    static let payloads = [
        1: "HELLO 1-M",
        2: "https://gw.example/",
        3: "https://gateway.example/enrol?u=alice",
        4: "otpauth://totp/VPN:al?secret=JBSWY3DPEHPK3PXP&digits=6",
        5: "otpauth://totp/VPN:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=VPN",
        6: "otpauth://totp/VPN:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=VPN&digits=6&period=30",
        7:
            "otpauth://totp/VPN:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=VPN&algorithm=SHA1&digits=6&period=30",
        8:
            "otpauth://totp/Example%20Council:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example%20Council&algorithm=SHA1&digits=6&period=30",
        9:
            "otpauth://totp/Example%20Council:alice.of.the.revenues@council.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example%20Council&algorithm=SHA1&digits=6&period=30",
        10:
            "otpauth://totp/Example%20County%20Council:alice.of.the.revenues.department@council.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example%20County%20Council&algorithm=SHA1&digits=6&period=30",
    ]

    @Test(arguments: 1...10) func isAsItWas(version: Int) throws {
        let payload = try #require(Self.payloads[version])
        let code = try #require(QRCode(Array(payload.utf8)))
        #expect(code.version == version)
        let text = "version \(code.version), mask \(code.mask)\n\(payload)\n\(Self.drawing(code))"
        let file = Self.folder.appending(path: "version-\(version).txt")
        if Self.isRegenerating { try Data(text.utf8).write(to: file) }
        #expect(text == String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }

    /// `#` for a dark module, `.` for a light one.
    static func drawing(_ code: QRCode) -> String {
        (0..<code.side).map { row in
            String((0..<code.side).map { code.isDark(row: row, column: $0) ? "#" : "." }) + "\n"
        }.joined()
    }
}
